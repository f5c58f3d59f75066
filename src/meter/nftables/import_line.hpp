// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One line of a script for ipfwadm, ipchains or iptables, or of iptables-save.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

#include "base/result.hpp"
#include "config/rule_config.hpp"

namespace octroi::accounting {

enum class Program { iptables, ipchains, ipfwadm, nft };

struct ImportLine {
    Program program = Program::iptables;
    RuleConfig rule;  // what the packets match; without a name
    std::string chain;
    // Which IP versions the packets have, where no address states it. none: both.
    Family family = Family::v4;
    // -I: in front of the rule with this number in the chain, from 1. 0: at the end.
    std::size_t insert_at = 0;
    bool goes_to = false;  // -g: the rules after it do not see the packets
    bool has_counter = true;
    std::string identity;    // what the rule is booked under; empty: as the chain says
    std::string interface;   // ipfwadm and ipchains: of arrival, or of departure
    std::string target;      // empty: the rule counts only
    bool both_ways = false;  // -b: also with source and destination exchanged
    // Why it cannot be imported; empty: it can. The chain and the target are known also then.
    std::string problem;
};

// The texts of all values that are in none of these. Errors: invalid (an address, a port; a name of
// a port).
[[nodiscard]] Result<std::vector<std::string>> other_addresses(
    const std::vector<std::string>& addresses, Family family);
[[nodiscard]] Result<std::vector<std::string>> other_ports(const std::vector<std::string>& ports);

// The chain that a line creates ("iptables -N CHAIN", ":CHAIN - [0:0]"). nullopt: none.
[[nodiscard]] std::optional<std::string> created_chain(std::string_view line);

// family: of a line that names no program. nullopt: the line changes no rule. A line that removes
// or replaces one has a problem.
[[nodiscard]] std::optional<ImportLine> read_import_line(std::string_view line, Family family);

}  // namespace octroi::accounting
