// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Accounting rules of ipfwadm (Linux 2.0), ipchains (2.2), iptables (command lines, or the output
// of iptables-save) and nft (the output of nft list ruleset) as rules of ours. Sources: the manual
// pages ipfwadm(8), ipchains(8), iptables(8), iptables-extensions(8), nft(8).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/rule_config.hpp"
#include "meter/nftables/service_names.hpp"

namespace octroi::accounting {

struct ImportedRules {
    std::vector<RuleConfig> rules;
    // A rule that cannot be said in ours: "line 3: … is not supported".
    std::vector<std::string> left_out;
};

// Reads every line that adds a rule to a chain of the kernel, in the filter table. Rules without a
// target count all packets that match. Rules with one end the chain for a packet, so they become a
// group of that chain; a rule after them that would need the packets without theirs is left out.
// A rule that jumps to another chain becomes a rule for each rule of that chain, or one rule where
// the chain has none; their traffic has the identity `rule CHAIN`. -I puts a rule where the kernel
// would. Lines and words: bounded by the length of the text; at most rules_max rules.
// present: rules of which the names and groups are taken.
[[nodiscard]] ImportedRules import_rules(std::string_view text, const ServiceNames& names,
                                         std::span<const RuleConfig> present);

}  // namespace octroi::accounting
