// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What Loss::packets counts. Only packets are added up and called packets: a datagram of an
// exporter has any number of records, and a record any number of packets.

#include <cstdint>

#include "record/transfer.hpp"

namespace octroi {

// For people, plural.
[[nodiscard]] constexpr const char* unit_of(LossReason reason) noexcept {
    switch (reason) {
        case LossReason::kernel_drop:
        case LossReason::interface_drop:
        case LossReason::not_running:
        case LossReason::counter_reset:
        case LossReason::event_drop:
            return "packets";
        case LossReason::truncated:
        case LossReason::corrupt:
            return "records or messages";
        case LossReason::export_gap:
            return "flow records or datagrams";
        case LossReason::socket_drop:
            return "datagrams";
        case LossReason::no_template:
            return "data sets";
    }
    return "";
}

[[nodiscard]] constexpr bool counts_packets(LossReason reason) noexcept {
    return reason == LossReason::kernel_drop || reason == LossReason::interface_drop ||
           reason == LossReason::not_running || reason == LossReason::counter_reset ||
           reason == LossReason::event_drop;
}

// The packets of a loss, for sums of them. 0: it counts something else, or nothing is known.
[[nodiscard]] constexpr std::uint64_t packets_of(const Loss& loss) noexcept {
    return counts_packets(loss.reason) ? loss.packets.value_or(0) : 0;
}

}  // namespace octroi
