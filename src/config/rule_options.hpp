// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of [[rule]]: accounting rules of meters of kind nftables (docs/accounting-rules.md).

#include <array>

#include "config/option.hpp"

namespace octroi {

inline RuleConfig& rule_row(Config& config) { return config.rules.back().rule; }

template <std::string RuleConfig::* Field>
void assign_rule_text(Config& config, const OptionEntry& entry) {
    rule_row(config).*Field = entry.text();
}

template <std::vector<std::string> RuleConfig::* Field>
void assign_rule_texts(Config& config, const OptionEntry& entry) {
    rule_row(config).*Field = entry.texts();
}

template <bool RuleConfig::* Field>
void assign_rule_flag(Config& config, const OptionEntry& entry) {
    rule_row(config).*Field = entry.boolean();
}

inline RuleDirection rule_direction(std::string_view word) {
    if (word == "in") return RuleDirection::in;
    return word == "out" ? RuleDirection::out : RuleDirection::both;
}

// The words of a row of texts, and of a row of one text.
[[nodiscard]] consteval Option rule_texts(std::string_view key, std::string_view help,
                                          std::string_view doc,
                                          void (*assign)(Config&, const OptionEntry&)) {
    Option row{.section = "rule", .key = key, .type = OptionType::texts, .default_text = "[]"};
    row.help = help;
    row.doc = doc;
    row.assign = assign;
    return row;
}
[[nodiscard]] consteval Option rule_text(std::string_view key, std::string_view help,
                                         std::string_view doc,
                                         void (*assign)(Config&, const OptionEntry&)) {
    Option row{.section = "rule", .key = key, .type = OptionType::text, .default_text = "\"\""};
    row.help = help;
    row.doc = doc;
    row.assign = assign;
    return row;
}

inline constexpr std::array rule_options = {
    Option{.section = "rule",
           .key = "name",
           .type = OptionType::text,
           .default_text = R"("physics")",
           .required = true,
           .help = "Name of the rule: letters, digits, `-`, `_`, `.`. Unique.",
           .doc = "Traffic of the rule belongs to the account that `rule NAME` is bound to.",
           .assign = assign_rule_text<&RuleConfig::name>},
    rule_text("identity", "The near end of the traffic. Empty: `rule NAME`.",
              "As in `octroi bind`: `10.1.2.3`, `user alice`, `interface ppp0`.",
              assign_rule_text<&RuleConfig::identity>),
    rule_text("service", "The service of the traffic. Empty: unknown.", "",
              assign_rule_text<&RuleConfig::service>),
    rule_text("class", "The class of the far end. Empty: unknown.", "",
              assign_rule_text<&RuleConfig::far_class>),
    rule_text("group", "Rules of one group are exclusive: the first that matches counts.",
              "Traffic that no rule of the group matches counts under the rule `GROUP.rest`, so "
              "that the rules of a group sum to the whole. Where all rules of the group name the "
              "same interface, the whole is the traffic of that interface.",
              assign_rule_text<&RuleConfig::group>),
    rule_texts("address", "Addresses, prefixes or ranges of the near end.",
               "Traffic from them counts out, traffic to them counts in. `0/0` is every IPv4 "
               "address, `::/0` every IPv6 address.",
               assign_rule_texts<&RuleConfig::address>),
    rule_texts("between", "Two networks: `[\"10.1.0.0/16\", \"10.2.0.0/16\"]`.",
               "Traffic from the first to the second counts out, the reverse counts in.",
               assign_rule_texts<&RuleConfig::between>),
    rule_texts("from", "Source addresses, of a rule with one direction.", "",
               assign_rule_texts<&RuleConfig::from>),
    rule_texts("to", "Destination addresses, of a rule with one direction.", "",
               assign_rule_texts<&RuleConfig::to>),
    rule_text("interface", "The interface: traffic that leaves here counts out, the rest in.", "",
              assign_rule_text<&RuleConfig::interface>),
    rule_text("in_interface", "The packet arrived at this interface, in either direction.", "",
              assign_rule_text<&RuleConfig::in_interface>),
    rule_text("out_interface", "The packet leaves at this interface, in either direction.", "",
              assign_rule_text<&RuleConfig::out_interface>),
    rule_texts("protocol", "Protocols, by name or number: `tcp`, `udp`, `icmp`, `47`.", "",
               assign_rule_texts<&RuleConfig::protocol>),
    rule_texts("port", "Ports of the far end: numbers, ranges, names of /etc/services.",
               "`80`, `20:21`, `1000-2000`, `smtp`. A port needs `protocol`: TCP and UDP have "
               "separate ports.",
               assign_rule_texts<&RuleConfig::port>),
    rule_texts("local_port", "The same, of the near end.", "",
               assign_rule_texts<&RuleConfig::local_port>),
    rule_texts("from_port", "Source ports, of a rule with one direction.", "",
               assign_rule_texts<&RuleConfig::from_port>),
    rule_texts("to_port", "Destination ports, of a rule with one direction.", "",
               assign_rule_texts<&RuleConfig::to_port>),
    rule_texts("icmp_type", "ICMP types by number or name: `echo-request`, `8`.",
               "Needs `protocol = \"icmp\"` or `\"icmpv6\"`.",
               assign_rule_texts<&RuleConfig::icmp_type>),
    rule_texts("uid", "User ids of processes of this machine: what they send.",
               "The kernel does not tell for which user a packet arrives, so the rule counts out "
               "only.",
               assign_rule_texts<&RuleConfig::uid>),
    rule_texts("mac", "MAC addresses of senders.",
               "Netfilter sees the source address of arriving frames only, so the rule counts out "
               "(from the station) only.",
               assign_rule_texts<&RuleConfig::mac>),
    Option{.section = "rule",
           .key = "fragments",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Later fragments only: those that have no port.",
           .doc = "Where connection tracking is on, or with `defragment` of the meter, the kernel "
                  "reassembles packets first, and there are none.",
           .assign = assign_rule_flag<&RuleConfig::fragments>},
    Option{.section = "rule",
           .key = "per_address",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Count each address of `address` for itself; all rules: 131072 addresses.",
           .doc = "The near end is then the address.",
           .assign = assign_rule_flag<&RuleConfig::per_address>},
    Option{
        .section = "rule",
        .key = "direction",
        .type = OptionType::choice,
        .default_text = R"("both")",
        .range = "both|in|out",
        .help = "The directions that count.",
        .assign = [](Config& c,
                     const OptionEntry& e) { rule_row(c).direction = rule_direction(e.text()); }},
    Option{.section = "rule",
           .key = "hook",
           .type = OptionType::choice,
           .default_text = R"("all")",
           .range = "all|input|output|forward",
           .help = "Packets to this machine, from it, or through it.",
           .assign = assign_rule_text<&RuleConfig::hook>},
};

}  // namespace octroi
