// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/counter_host.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

#include "host/file.hpp"
#include "host/network_namespace.hpp"
#include "host/nft_listing.hpp"
#include "host/program_output.hpp"
#include "host/wireguard.hpp"

namespace octroi {
namespace {

// 200,000 rules of some 150 octets.
constexpr std::size_t saved_rules_max = std::size_t{64} << 20U;
constexpr std::size_t net_dev_max = std::size_t{16} << 20U;
constexpr Duration saved_rules_limit = Duration::seconds(10);

}  // namespace

const char* program_name(RuleProgram program) {
    switch (program) {
        case RuleProgram::iptables:
            return "iptables-save";
        case RuleProgram::ip6tables:
            return "ip6tables-save";
        case RuleProgram::iptables_legacy:
            return "iptables-legacy-save";
        case RuleProgram::ip6tables_legacy:
            return "ip6tables-legacy-save";
    }
    return "";
}

void wipe(std::string& secret) noexcept {
    ::explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

Result<std::string> SystemCounterHost::generation() {
    TRY_ASSIGN(const std::string boot, boot_id());
    TRY_ASSIGN(const std::string space, network_namespace());
    return fmt::format("boot {} {}", boot, space);
}

Result<std::vector<Interface>> SystemCounterHost::interfaces() { return octroi::interfaces(); }

Result<std::string> SystemCounterHost::net_dev() { return read_file("/proc/net/dev", net_dev_max); }

Result<std::vector<std::string>> SystemCounterHost::wireguard_device(int index) {
    return read_wireguard_device(index);
}

Result<std::string> SystemCounterHost::nft_table(const std::string& family,
                                                 const std::string& name) {
    return list_nft_table(family, name);
}

Result<std::string> SystemCounterHost::saved_rules(RuleProgram program) {
    return program_output({program_name(program), "-c"}, saved_rules_max, saved_rules_limit);
}

void SystemCounterHost::wait(Duration time) {
    const auto ms = static_cast<int>(std::clamp<std::int64_t>(time.ns / 1'000'000, 0, 60'000));
    static_cast<void>(::poll(nullptr, 0, ms));
}

}  // namespace octroi
