// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The message of IPFIX: RFC 7011 section 3.1.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::ipfix {

inline constexpr std::uint16_t version = 10;
inline constexpr std::size_t header_octets = 16;

struct Message {
    UtcTime exported;
    std::uint32_t sequence = 0;  // data records before this message, modulo 2^32
    std::uint32_t observation_domain = 0;
    std::size_t octets = 0;  // of the whole message, as far as it is there
    ByteSpan sets;
};

// ok; incomplete: the octets end before the message does, and `sets` is what is there; malformed:
// no message.
[[nodiscard]] flow::Outcome parse_message(ByteSpan octets, Message& out) noexcept;

}  // namespace octroi::ipfix
