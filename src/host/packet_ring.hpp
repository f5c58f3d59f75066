// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A ring of packet(7) (TPACKET_V3) on one interface, as libpcap has it. Beyond that it states the
// way of each frame and, if the kernel can, its segments (PACKET_VNET_HDR).

#include <cstdint>
#include <memory>
#include <vector>

#include "host/capture.hpp"

namespace octroi {

// An instruction of a socket filter (linux/filter.h).
struct FilterStep {
    std::uint16_t code;
    std::uint8_t jump_true;
    std::uint8_t jump_false;
    std::uint32_t value;
};

// Whether this kernel states the segments of a merged frame in such a ring.
[[nodiscard]] bool packet_rings_state_segments();

// options: libpcap has accepted them, and has compiled their filter, which also cuts the frames.
// link_type: Ethernet, or raw IP.
[[nodiscard]] Result<std::unique_ptr<PacketSource>> open_packet_ring(
    const CaptureOptions& options, const std::vector<FilterStep>& filter, std::uint16_t link_type);

}  // namespace octroi
