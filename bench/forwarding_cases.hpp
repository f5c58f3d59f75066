// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The routers that the benchmark of forwarding compares.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace octroi::bench {

inline constexpr std::uint32_t hosts_of_case = 3000;
inline constexpr std::uint32_t many_accounts = 98'304;

struct ForwardingCase {
    unsigned number = 0;
    std::string name;
    // 300: prefixes of 16 addresses, 10 hosts in each. many_accounts: single addresses, hosts in
    // every 32nd.
    std::uint32_t accounts = 300;
    std::string prepare;  // a shell script, run in the router
    std::string config;   // of the daemon; empty: none. {}: a folder of the case
    bool routes = false;  // with the class table
    unsigned slower = 1;  // divides the number of packets
};

[[nodiscard]] std::vector<ForwardingCase> forwarding_cases();

// The addresses of the hosts that send.
[[nodiscard]] std::vector<std::uint32_t> case_hosts(std::uint32_t accounts);

// Ledgers with that many accounts, and a list of routes as class table.
struct CaseLedgers {
    std::string small;
    std::string large;
    std::string routes;
};
// Nothing: octroi refused them.
[[nodiscard]] std::optional<CaseLedgers> prepare_ledgers(const std::string& folder,
                                                         std::uint64_t routes);

}  // namespace octroi::bench
