// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One line of a script for ipfwadm, ipchains or iptables, or of iptables-save.

#include <optional>
#include <string>
#include <string_view>

#include "config/rule_config.hpp"

namespace octroi::accounting {

enum class Program { iptables, ipchains, ipfwadm };

struct ImportLine {
    Program program = Program::iptables;
    RuleConfig rule;  // what the packets match; without a name
    std::string chain;
    std::string interface;   // ipfwadm and ipchains: of arrival, or of departure
    std::string target;      // empty: the rule counts only
    bool both_ways = false;  // -b: also with source and destination exchanged
    std::string problem;     // why it cannot be imported; empty: it can
};

// nullopt: the line adds no rule.
[[nodiscard]] std::optional<ImportLine> read_import_line(std::string_view line);

}  // namespace octroi::accounting
