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

// At most no_user_ranges_max of log_readings.hpp.
[[nodiscard]] Status check_no_user_ranges(const OptionEntry& entry);

inline constexpr Option no_user_needed_option{
    .key = "no_user_needed",
    .type = OptionType::prefixes,
    .default_text = "[]",
    .help = "Clients of a proxy that need no user: addresses or networks.",
    .doc =
        "Their lines without a user count for the account of the address or network "
        "(`octroi bind 10.20.0.0/16 staff`). Where nothing is bound, the ledger keeps them under "
        "`@excluded/no-user-needed`: nobody is charged, and `octroi unknown` does not list them. "
        "Lines with a user count for the user. At most 256.",
    .check = check_no_user_ranges,
    .placeholder = "NETWORK"};

}  // namespace octroi::logs
