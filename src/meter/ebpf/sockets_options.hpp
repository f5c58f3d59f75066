// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of meters of the kind `sockets` in [[meter]].

#include <array>

#include "meter/ebpf/options.hpp"

namespace octroi::ebpf {

inline constexpr std::array sockets_options = {
    Option{.key = "by",
           .type = OptionType::choice,
           .default_text = R"("user")",
           .range = "user|control-group",
           .help = "Counts the traffic of users, or that of control groups."},
    Option{.key = "namespaces",
           .type = OptionType::choice,
           .default_text = R"("own")",
           .range = "own|all",
           .help = "Counts the sockets of the network namespace of the daemon, or of all.",
           .doc = "Containers usually have a network namespace each. What they send leaves through "
                  "the namespace of the host without a socket there: `own` does not count it, and "
                  "`all` counts it for the user or control group in the container."},
    poll_option,
    Option{.key = "keys",
           .type = OptionType::integer,
           .default_text = "262144",
           .range = "16..2000000",
           .help = "The most counts in the kernel: pairs of a user or control group and a class or "
                   "local far end, by service and direction, for each processor.",
           .doc = "As `keys` of a meter of kind `ebpf`."},
    link_speed_option,
    bpffs_option,
};

}  // namespace octroi::ebpf
