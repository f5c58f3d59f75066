// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of meters of kind nftables in [[meter]].

#include <array>
#include <string_view>

#include "config/option.hpp"
#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {

inline constexpr std::string_view default_table = "octroi_rules";

// A letter, then letters, digits and '_'; "octroi_" in front.
[[nodiscard]] Status check_table(const OptionEntry& entry);

inline constexpr std::array meter_options = {
    Option{.key = "table",
           .type = OptionType::text,
           .default_text = R"("octroi_rules")",
           .help = "Name of the table (family inet) that the rules are in.",
           .doc = "It begins with `octroi_`. The table is ours alone: `octroi rules flush` removes "
                  "it, and no other table is touched.",
           .check = check_table},
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("10s")",
           .range = "100ms..1h",
           .help = "How often the counters are read: the accuracy of the times."},
    Option{.key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of all interfaces together, in Mbit/s.",
           .doc = "An increase with more volume than such a link carries in the time is not "
                  "believed: the ledger keeps it under `@excluded/implausible`."},
    Option{.key = "apply",
           .type = OptionType::boolean,
           .default_text = "true",
           .help = "Make the table as the rules say, at the start and where it is gone.",
           .doc = "`false`: only `octroi rules` changes the table."},
    Option{.key = "priority",
           .type = OptionType::integer,
           .default_text = "10",
           .range = "-1000..1000",
           .help = "Priority of the chains at their hooks.",
           .doc = "0 is the filter of nftables and iptables. After it, packets that it dropped do "
                  "not count; before it (-10), they do."},
    Option{.key = "defragment",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Reassemble fragments first, so that they count for their port.",
           .doc = "Turns on connection tracking for the network namespace, which reassembles. The "
                  "IP headers of later fragments are then not counted."},
};

[[nodiscard]] TableOptions table_options(const OptionValues& values);

}  // namespace octroi::accounting
