// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// /proc/net/dev: the counters of all interfaces as text (net/core/net-procfs.c,
// dev_seq_printf_stats; proc(5)). Two lines of headings, then a line for each interface: "name: "
// and 16 numbers, of which the first two are octets and packets received, the ninth and tenth those
// sent.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::counters {

struct NetDevRow {
    std::string name;
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_packets = 0;

    bool operator==(const NetDevRow&) const = default;
};

// Lines that are not of that form are left out.
[[nodiscard]] std::vector<NetDevRow> parse_net_dev(std::string_view text);

}  // namespace octroi::counters
