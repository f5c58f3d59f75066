// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/examine.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "host/network_namespace.hpp"

namespace octroi::accounting {
namespace {

struct Feature {
    std::string_view needed_for;
    std::string_view commands;  // after those that make the table {0} and its counter
    std::string_view fix;
};

constexpr std::string_view new_kernel = "a kernel with CONFIG_NF_TABLES_INET, and nft_objref";

// The first is needed for the others.
constexpr std::array features{
    Feature{"any rule: tables of family inet, dormant until they are whole, with named counters",
            "", new_kernel},
    Feature{"rules at all: chains at the hooks input, output and forward",
            "add chain inet {0} h {{ type filter hook forward priority 10; policy accept; }}\n"
            "add rule inet {0} h counter name \"c\"\n",
            new_kernel},
    Feature{"many rules: maps from values to counters",
            "add map inet {0} m {{ type ipv4_addr : counter; size 2; }}\n"
            "add chain inet {0} r\n"
            "add rule inet {0} r counter name ip saddr & 255.255.255.0 map @m\n",
            "the module nft_objref, and nft 0.9 or later"},
    Feature{"rules with several keys: concatenations",
            "add map inet {0} k {{ type ipv4_addr . inet_service : counter; size 2; }}\n",
            "the module nft_set_hash"},
    Feature{"rules with ranges: maps of intervals",
            "add map inet {0} i {{ type ipv4_addr : counter; flags interval; }}\n",
            "the module nft_set_rbtree"},
    Feature{"rules with ranges and several keys: intervals in concatenations",
            "add map inet {0} p {{ type ipv4_addr . inet_service : counter; flags interval; }}\n",
            "Linux 5.6 or later"},
    Feature{"rules with fragments of IPv6",
            "add chain inet {0} f\nadd rule inet {0} f frag frag-off != 0\n",
            "the module nft_exthdr"},
};

constexpr std::string_view about = "nftables";

}  // namespace

std::vector<Finding> examine_nftables(NftablesHost& host, const std::string& space) {
    constexpr std::string_view table = "octroi_check";
    const std::string base = fmt::format("create table inet {} {{ flags dormant; }}\n", table);
    std::vector<Finding> findings;
    for (const Feature& feature : features) {
        std::string commands = base + fmt::format("add counter inet {} c\n", table);
        commands += fmt::format(fmt::runtime(feature.commands), table);
        const Status checked = host.run(commands, true);
        if (checked) continue;
        if (checked.error().code == ErrorCode::permission)
            return {{Verdict::note, std::string(about), checked.error().text, ""}};
        findings.push_back({Verdict::wrong, std::string(about),
                            fmt::format("the kernel or nft lacks a feature for {}: {}",
                                        feature.needed_for, checked.error().text),
                            std::string(feature.fix)});
        if (&feature == &features.front()) return findings;
    }
    if (findings.empty())
        findings.push_back(
            {Verdict::good, std::string(about), "the kernel has what accounting rules need", ""});
    if (space.starts_with("netns inode"))
        findings.push_back({Verdict::note, std::string(about),
                            "the kernel has no number for network namespaces (SO_NETNS_COOKIE): a "
                            "namespace that is made again may look like the one before",
                            "Linux 5.14 or later"});
    return findings;
}

std::vector<Finding> examine(std::span<const MeterConfig* const> meters) {
    if (meters.empty()) return {};
    const auto host = nftables_host();
    const auto space = network_namespace();
    return examine_nftables(*host, space ? *space : "");
}

}  // namespace octroi::accounting
