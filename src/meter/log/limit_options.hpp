// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Limits of what a line of a log is believed to state, of meters and of imports.

#include "config/option.hpp"

namespace octroi::logs {

inline constexpr Option link_speed_option{
    .key = "link_speed",
    .type = OptionType::integer,
    .default_text = "800000",
    .range = "1..100000000",
    .help = "Speed of the fastest link of the server, in Mbit/s.",
    .doc =
        "An entry that states how long it took, and more bytes than such a link carries in that "
        "time, is not believed: the ledger keeps it under `@excluded/implausible`.",
    .placeholder = "MBITS"};

inline constexpr Option entry_limit_option{
    .key = "entry_limit",
    .type = OptionType::size,
    .default_text = R"("1 TiB")",
    .range = "1 MiB..65536 TiB",
    .help = "The largest volume of one entry that does not state how long it took.",
    .doc = "A larger one is not believed: the ledger keeps it under `@excluded/implausible`.",
    .placeholder = "BYTES"};

}  // namespace octroi::logs
