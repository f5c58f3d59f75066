// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The message of NetFlow v9: RFC 3954 section 5.1. Its flow sets are read by wire/ipfix.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::netflow {

inline constexpr std::size_t v9_header_octets = 20;

// The header's count of records is not read: it is wrong in the wild, and nothing depends on it.
struct V9Message {
    UtcTime exported;
    std::uint32_t uptime_ms = 0;
    std::uint32_t sequence = 0;   // messages before this one, modulo 2^32
    std::uint32_t source_id = 0;  // source id: what IPFIX calls the domain
    std::size_t octets = 0;
    ByteSpan sets;
};

// malformed: no such message. The header has no length: the message ends with the octets, or where
// in the place of a flow set (whose ids are 0, 1 and from 256 on) the next message begins.
[[nodiscard]] flow::Outcome parse_v9(ByteSpan octets, V9Message& out) noexcept;

}  // namespace octroi::netflow
