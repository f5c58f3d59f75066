// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of meters of the kind `sockets` in [[meter]].

#include <array>

#include "config/option.hpp"

namespace octroi::ebpf {

inline constexpr std::array sockets_options = {
    Option{.key = "by",
           .type = OptionType::choice,
           .default_text = R"("user")",
           .range = "user|control-group",
           .help = "Whose traffic is counted: that of users or of control groups."},
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("10s")",
           .range = "1s..5m",
           .help = "How often the counts are read: the accuracy of the time. Volumes are exact."},
    Option{.key = "keys",
           .type = OptionType::integer,
           .default_text = "262144",
           .range = "16..2000000",
           .help = "The most counts in the kernel: pairs of a user or control group and a class or "
                   "local far end, by service and direction, for each processor.",
           .doc = "As `keys` of a meter of kind `ebpf`."},
    Option{.key = "link_speed",
           .type = OptionType::integer,
           .default_text = "800000",
           .range = "1..100000000",
           .help = "Speed of the fastest interface, in Mbit/s.",
           .doc = "A count that grows by more than such a link carries is not believed: the ledger "
                  "keeps the increase under `@excluded/implausible`."},
    Option{.key = "bpffs",
           .type = OptionType::text,
           .default_text = R"("/sys/fs/bpf")",
           .help = "The file system that keeps the maps while the daemon is down. It is mounted if "
                   "it is not."},
};

}  // namespace octroi::ebpf
