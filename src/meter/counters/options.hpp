// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] of the kinds of this folder.

#include <array>

#include "config/option.hpp"

namespace octroi::counters {

inline constexpr Option poll_option = {
    .key = "poll",
    .type = OptionType::duration,
    .default_text = R"("10s")",
    .range = "100ms..1h",
    .help = "How often the counters are read.",
    .doc =
        "The volume is exact for every value. An increase is spread evenly over the time between "
        "two readings."};

inline constexpr std::int64_t default_link_speed = 800'000;
inline constexpr Option link_speed_option = {
    .key = "link_speed",
    .type = OptionType::integer,
    .default_text = "800000",
    .range = "1..100000000",
    .help = "Speed of the fastest interface, in Mbit/s.",
    .doc =
        "An increase that such a link does not carry in the time is not believed: the ledger "
        "keeps it under `@excluded/implausible`. With a value other than the default, losses of "
        "a counter have a bound from it."};

inline constexpr std::array interface_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Interfaces that are counted. Empty: every physical interface.",
           .doc = "Empty: the same interfaces as those of the kind `capture`. An interface that is "
                  "named and does not exist is counted when it appears."},
    poll_option,
    link_speed_option,
};

}  // namespace octroi::counters
