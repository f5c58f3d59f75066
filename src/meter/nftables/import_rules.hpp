// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Accounting rules of ipfwadm (Linux 2.0), ipchains (2.2) and iptables (command lines, or the
// output of iptables-save) as rules of ours. Sources: the manual pages ipfwadm(8), ipchains(8),
// iptables(8), iptables-extensions(8).

#include <string>
#include <string_view>
#include <vector>

#include "config/rule_config.hpp"

namespace octroi::accounting {

struct ImportedRules {
    std::vector<RuleConfig> rules;
    // A rule that cannot be said in ours: "line 3: … is not supported".
    std::vector<std::string> left_out;
};

// Reads every line that adds a rule to a chain of the kernel, in the filter table. Rules without a
// target count all packets that match. Rules with one end the chain for a packet, so they become a
// group of that chain. A rule that jumps to another chain becomes a rule for each rule of that
// chain; their traffic has the identity `rule CHAIN`. Lines and words: bounded by the length of the
// text; rules_max rules of jumps.
[[nodiscard]] ImportedRules import_rules(std::string_view text);

}  // namespace octroi::accounting
