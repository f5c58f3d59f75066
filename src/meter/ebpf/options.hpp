// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of meters of the kind `ebpf` in [[meter]], and those that `sockets` has too.

#include <array>

#include "config/option.hpp"

namespace octroi::ebpf {

inline constexpr std::string_view default_bpffs = "/sys/fs/bpf";

inline constexpr Option poll_option = {
    .key = "poll",
    .type = OptionType::duration,
    .default_text = R"("10s")",
    .range = "1s..5m",
    .help = "How often the counts are read: the accuracy of the time. Volumes are exact."};
inline constexpr Option link_speed_option = {
    .key = "link_speed",
    .type = OptionType::integer,
    .default_text = "800000",
    .range = "1..100000000",
    .help = "Speed of the fastest interface, in Mbit/s.",
    .doc =
        "A count that grows by more than such a link carries is not believed: the ledger keeps "
        "the increase under `@excluded/implausible`."};
inline constexpr Option bpffs_option = {
    .key = "bpffs",
    .type = OptionType::text,
    .default_text = R"("/sys/fs/bpf")",
    .help =
        "The file system that keeps the maps while the daemon is down. It is mounted if it is "
        "not."};

inline constexpr std::array meter_options = {
    Option{.key = "interfaces",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Interfaces to count at: names, or patterns with * and ?. Empty: every physical "
                   "interface.",
           .doc =
               "A packet counts once, however many of them it passes. An interface that stands on "
               "another one (a bridge on its ports, a VLAN device) cannot be named beside it. "
               "Interfaces that appear later are counted at from the next reading on. Only one "
               "meter with the role `bill` may count at "
               "an interface."},
    poll_option,
    Option{.key = "keys",
           .type = OptionType::integer,
           .default_text = "262144",
           .range = "16..2000000",
           .help = "The most counts in the kernel: pairs of a local end and a class or local far "
                   "end, by service, direction and interface.",
           .doc =
               "A count takes about 200 octets, when it is used. When three quarters are used, "
               "the meter reads the map and begins an empty one. Traffic beyond the limit counts "
               "without names, under `@unattributed`."},
    link_speed_option,
    bpffs_option,
};

}  // namespace octroi::ebpf
