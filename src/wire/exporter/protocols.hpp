// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sets of export protocols as bits: what one exporter has sent so far.

#include <array>
#include <cstdint>

#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

// Snapshots hold these bits: new protocols go to the end.
inline constexpr std::array all_protocols{
    flow::Protocol::netflow_v1, flow::Protocol::netflow_v5, flow::Protocol::netflow_v7,
    flow::Protocol::netflow_v9, flow::Protocol::ipfix,      flow::Protocol::sflow_v5,
};

// 0: not a protocol of the list.
[[nodiscard]] constexpr std::uint32_t protocol_bit(flow::Protocol protocol) noexcept {
    for (std::uint32_t i = 0; i < all_protocols.size(); ++i)
        if (all_protocols[i] == protocol) return 1U << i;
    return 0;
}

}  // namespace octroi::exporter
