// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A [[rule]]: traffic that nftables counts for an account. The texts are as the file has them;
// meter/nftables parses them.

#include <compare>
#include <memory>
#include <string>
#include <vector>

namespace octroi {

enum class RuleDirection { both, in, out };

struct RuleConfig {
    std::string name;      // unique among the rules
    std::string identity;  // empty: `rule NAME`
    std::string service;
    std::string far_class;
    std::string group;  // rules of one group are exclusive; empty: none

    std::vector<std::string> address;  // of the near end
    std::vector<std::string> between;  // two networks
    std::vector<std::string> from;     // one way: source
    std::vector<std::string> to;       // one way: destination
    std::string interface;
    std::string in_interface;
    std::string out_interface;
    std::vector<std::string> protocol;
    std::vector<std::string> port;        // of the far end
    std::vector<std::string> local_port;  // of the near end
    std::vector<std::string> from_port;
    std::vector<std::string> to_port;
    std::vector<std::string> icmp_type;
    std::vector<std::string> uid;
    std::vector<std::string> mac;
    std::string hook = "all";  // "all", "input", "output", "forward"
    bool fragments = false;
    bool per_address = false;
    RuleDirection direction = RuleDirection::both;

    auto operator<=>(const RuleConfig&) const = default;
};

// In the order of the file.
using RulesPtr = std::shared_ptr<const std::vector<RuleConfig>>;

}  // namespace octroi
