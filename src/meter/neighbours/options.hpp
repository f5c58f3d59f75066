// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "neighbours".

#include <array>

#include "config/option.hpp"

namespace octroi::neighbours {

inline constexpr std::array neighbour_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Interfaces of which the neighbours count; `*` is any text. Empty: all."},
    Option{.key = "networks",
           .type = OptionType::prefixes,
           .default_text = "[]",
           .help = "Addresses that the meter may state a holder of. Empty: all.",
           .doc = "List the networks of your clients: then a host on another network cannot claim "
                  "any other address."},
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("30s")",
           .range = "1s..1h",
           .help = "How often the whole tables are read; changes are received at once."},
    Option{.key = "gone_after",
           .type = OptionType::duration,
           .default_text = R"("10m")",
           .range = "1s..7d",
           .help = "How long a neighbour keeps its address after the kernel has removed it.",
           .doc = "The kernel removes entries that it does not use: the host may still be there."},
    Option{.key = "valid_for",
           .type = OptionType::duration,
           .default_text = R"("1d")",
           .range = "10m..31d",
           .help = "How long a neighbour keeps its address if the meter stops.",
           .doc = "While the meter runs, it repeats its statement in time."},
    Option{.key = "neighbour_limit",
           .type = OptionType::integer,
           .default_text = "65536",
           .range = "16..1000000",
           .help = "The most neighbours that the meter knows at a time.",
           .doc = "Others are not used; `neighbours_refused_total` counts them. A neighbour takes "
                  "some 150 bytes."},
};

}  // namespace octroi::neighbours
