// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Keys of observation domains and of message streams within one exporter.
//
// Templates and sequence numbers belong to an observation domain, and over TCP to one transport
// session as well (RFC 7011 sections 8 and 3.1). Layout of a key, from the highest bit:
//
//     8 bits   0; or sFlow's protocol number, with 56 bits of hash below it (sflow_messages.cpp)
//     16 bits  the transport session: the exporter's TCP port, 0 for UDP
//     8 bits   the protocol
//     32 bits  the observation domain, the v9 source id, or the v5 engine
//
// Snapshots hold these keys: changing the layout needs another snapshot version.

#include <cstdint>

#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

using StreamKey = std::uint64_t;

[[nodiscard]] constexpr StreamKey stream_key(flow::Protocol protocol,
                                             std::uint32_t observation_domain,
                                             std::uint16_t transport_session = 0) noexcept {
    return std::uint64_t{transport_session} << 40U |
           std::uint64_t{static_cast<std::uint8_t>(protocol)} << 32U | observation_domain;
}
[[nodiscard]] constexpr StreamKey stream_key(const flow::MessageContext& context) noexcept {
    return stream_key(context.protocol, context.observation_domain, context.transport_session);
}
// 0: UDP.
[[nodiscard]] constexpr std::uint16_t transport_session_of(StreamKey key) noexcept {
    return key >> 56U != 0 ? 0 : static_cast<std::uint16_t>(key >> 40U);
}

}  // namespace octroi::exporter
