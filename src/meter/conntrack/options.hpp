// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "conntrack", and of `octroi import conntrack`.

#include <array>

#include "config/option.hpp"

namespace octroi::conntrack {

// Each text is a zone; each text is a mark, or a mark with a mask.
[[nodiscard]] Status check_zones(const OptionEntry& entry);
[[nodiscard]] Status check_marks(const OptionEntry& entry);

inline constexpr std::array meter_options = {
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("10s")",
           .range = "1s..1h",
           .help = "How often the meter reads the counters of all live connections.",
           .doc = "It is the accuracy of the time of what long connections carry; the volume is "
                  "always exact. Reading a million connections takes about a second."},
    Option{.key = "turn_on",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "Set net.netfilter.nf_conntrack_acct and nf_conntrack_timestamp at the start.",
           .doc = "Without it the meter does not start while nf_conntrack_acct is 0. The kernel "
                  "counts for connections that begin after that."},
    Option{.key = "connection_limit",
           .type = OptionType::integer,
           .default_text = "1000000",
           .range = "1024..15000000",
           .help = "The most connections that the meter knows at a time.",
           .doc = "Connections beyond it count when they end, and `conntrack_refused_total` counts "
                  "them. A connection needs up to 170 bytes of memory, and 68 more while a commit "
                  "writes the state file: 3.5 GB for 15 million connections."},
    Option{.key = "zones",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Zones of connection tracking that count (`0`: without a zone). Empty: all.",
           .doc = "If a connection has a zone in one direction only, that zone counts; if it has "
                  "two, that of the original direction. In `inspect`: the column `zone`.",
           .check = check_zones},
    Option{.key = "marks",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Marks of connections that count: `5`, or bits `0x10/0xf0`. Empty: all.",
           .doc = "As `ct mark and 0xf0 == 0x10` in nftables. With `zones`, both must match. The "
                  "mark of the moment decides: what a connection carries while its mark does not "
                  "match does not count. In `inspect`: the column `mark`.",
           .check = check_marks},
    Option{.key = "socket_buffer",
           .type = OptionType::size,
           .default_text = R"("64 MiB")",
           .range = "64 KiB..1 GiB",
           .help = "Memory of the kernel for events that the meter has not read yet.",
           .doc = "An event takes about 1 KiB. Events beyond it are lost, and the meter records "
                  "the loss with a bound."},
    Option{.key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of the fastest interface, in Mbit/s.",
           .doc = "More volume of a connection than such a link carries in the time is not "
                  "believed: the ledger keeps it under `@excluded/implausible`."},
};

inline constexpr std::array import_options = {
    Option{.key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of the fastest interface, in Mbit/s (default: 800000). More volume of a "
                   "connection than it carries in the time is excluded",
           .placeholder = "MBIT"},
    Option{.key = "checkpoint",
           .type = OptionType::integer,
           .default_text = "0",  // the default of EventLogMeterOptions
           .range = "0..9223372036854775807",
           .help = "Commit after this number of lines (default: 1048576). After a kill, the next "
                   "import continues at the last commit",
           .placeholder = "LINES"},
};

}  // namespace octroi::conntrack
