// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The fields of a flow record that the headers of a sampled packet state.

#include <cstddef>
#include <cstdint>

#include "wire/flow/flow_record.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::sflow {

inline constexpr std::uint8_t proto_tcp = 6;

// TCP, UDP, DCCP, SCTP, UDP-Lite.
[[nodiscard]] constexpr bool has_ports(std::uint8_t proto) noexcept {
    return proto == proto_tcp || proto == 17 || proto == 33 || proto == 132 || proto == 136;
}

// Addresses, protocol, TOS, and the transport fields that are within the `captured` octets.
void set_ip(flow::FlowRecord& record, const packet::Packet& packet, std::size_t captured) noexcept;
// VLAN tags and MAC addresses.
void set_link(flow::FlowRecord& record, const packet::Packet& packet) noexcept;

}  // namespace octroi::sflow
