// SPDX-License-Identifier: GPL-3.0-or-later
#include "forwarding_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "base/address.hpp"
#include "bench_daemon.hpp"
#include "support/process.hpp"

namespace octroi::bench {
namespace {

constexpr std::uint32_t inside = 0x0A400000;  // 10.64.0.0
constexpr std::uint32_t few_accounts = 300;
constexpr std::uint32_t addresses_of_few = 16;

std::string text_of_address(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 0xFFU, address >> 8U & 0xFFU,
                       address & 0xFFU);
}

std::string identity_of(std::uint32_t account, std::uint32_t accounts) {
    if (accounts > few_accounts) return text_of_address(inside + account);
    return text_of_address(inside + addresses_of_few * (account + 1)) + "/28";
}

// Rules without a target, each for one host: packets walk over all of them.
std::string iptables_rules(std::uint32_t count) {
    std::string script =
        "command=iptables-restore\n"
        "! command -v iptables-legacy-restore >/dev/null || command=iptables-legacy-restore\n"
        "$command <<'END'\n*filter\n";
    for (const std::uint32_t host : case_hosts(few_accounts)) {
        if (count-- == 0) break;
        script += fmt::format("-A FORWARD -s {}\n", text_of_address(host));
    }
    return script + "COMMIT\nEND\n";
}

std::string accounting_rules() {
    std::string rules;
    for (std::uint32_t account = 0; account < few_accounts; ++account)
        rules += fmt::format("[[rule]]\nname = \"a{}\"\naddress = \"{}\"\n", account,
                             identity_of(account, few_accounts));
    return rules;
}

std::string meter(std::string_view kind, std::string_view options) {
    return fmt::format("[[meter]]\nname = \"bench\"\nkind = \"{}\"\n{}", kind, options);
}

// Makes connections tracked.
constexpr const char* tracking =
    "nft 'add table inet track; add chain inet track forward { type filter hook forward priority 0 "
    "; } ; add rule inet track forward ct state invalid drop'\n";
constexpr const char* counting = "sysctl -qw net.netfilter.nf_conntrack_acct=1\n";
constexpr const char* logging =
    "nft 'add table inet logged; add chain inet logged forward { type filter hook forward priority "
    "0 ; } "
    "; add rule inet logged forward log group 5'\n";
constexpr const char* both = "interfaces = [\"lan\", \"wan\"]\n";

std::string ebpf_options() { return std::string(both) + "bpffs = \"{}/bpf\"\n"; }

bool write_ledger(const std::string& path, std::uint32_t accounts, const std::string& folder) {
    const std::string names = folder + "/accounts.csv";
    const std::string bindings = folder + "/bindings.csv";
    {
        std::ofstream name_rows(names);
        std::ofstream binding_rows(bindings);
        name_rows << "name\n";
        binding_rows << "identity,account\n";
        for (std::uint32_t i = 0; i < accounts; ++i) {
            name_rows << "a" << i << "\n";
            binding_rows << identity_of(i, accounts) << ",a" << i << "\n";
        }
    }
    const support::Ended ended =
        support::run({octroi_program(), "--ledger", path, "apply", names, bindings});
    if (ended.status != 0) fmt::print(stderr, "{}", ended.err);
    return ended.status == 0;
}

// Prefixes of 16 to 24 bits, without overlaps, of ten classes.
void write_routes(const std::string& path, std::uint64_t count) {
    std::mt19937 random(1);
    std::ofstream rows(path);
    std::uint32_t next = 16U << 24U;
    constexpr std::uint32_t end = 220U << 24U;
    for (std::uint64_t i = 0; i < count && next < end; ++i) {
        const unsigned bits = random() % 16 == 0 ? 20 + random() % 4 : 24;
        const std::uint32_t size = 1U << (32U - bits);
        next = (next + size - 1) / size * size;
        rows << text_of_address(next) << "/" << bits << " class" << random() % 10 << "\n";
        next += size * static_cast<std::uint32_t>(1 + random() % 3);
    }
}

}  // namespace

std::vector<std::uint32_t> case_hosts(std::uint32_t accounts) {
    std::vector<std::uint32_t> hosts;
    constexpr std::uint32_t hosts_of_account = 10;
    constexpr std::uint32_t step = many_accounts / hosts_of_case;
    for (std::uint32_t i = 0; i < hosts_of_case; ++i)
        hosts.push_back(accounts > few_accounts
                            ? inside + step * i + step / 2
                            : inside + addresses_of_few * (1 + i / hosts_of_account) +
                                  i % hosts_of_account);
    return hosts;
}

std::vector<ForwardingCase> forwarding_cases() {
    const std::string per_address =
        "[[rule]]\nname = \"hosts\"\naddress = [\"10.64.0.0/16\", \"10.65.0.0/17\"]\nper_address = "
        "true\n";
    std::vector<ForwardingCase> cases{
        {.name = "nothing"},
        {.name = "nothing, a second router"},
        {.name = "capture", .config = meter("capture", both)},
        {.name = "ebpf, 300 accounts", .config = meter("ebpf", ebpf_options())},
        {.name = "ebpf, 98,304 accounts, routes",
         .accounts = many_accounts,
         .config = meter("ebpf", ebpf_options()),
         .routes = true},
        {.name = "connections tracked, no meter", .prepare = tracking},
        {.name = "conntrack",
         .prepare = std::string(tracking) + counting,
         .config = meter("conntrack", "")},
        {.name = "nftables, 300 accounts", .config = meter("nftables", "") + accounting_rules()},
        {.name = "nftables, 98,304 accounts",
         .accounts = many_accounts,
         .config = meter("nftables", "") + per_address},
        {.name = "nflog", .prepare = logging, .config = meter("nflog", "group = 5\n")},
        {.name = "interfaces", .config = meter("interfaces", both)},
        {.name = "iptables, 16 rules", .prepare = iptables_rules(16)},
        {.name = "iptables, 300 rules", .prepare = iptables_rules(300), .slower = 2},
        {.name = "iptables, 3000 rules", .prepare = iptables_rules(3000), .slower = 20},
    };
    unsigned number = 0;
    for (ForwardingCase& each : cases) each.number = number++;
    return cases;
}

std::optional<CaseLedgers> prepare_ledgers(const std::string& folder, std::uint64_t routes) {
    CaseLedgers ledgers{folder + "/small.db", folder + "/large.db", folder + "/routes"};
    if (!write_ledger(ledgers.small, few_accounts, folder) ||
        !write_ledger(ledgers.large, many_accounts, folder))
        return std::nullopt;
    write_routes(ledgers.routes, routes);
    return ledgers;
}

}  // namespace octroi::bench
