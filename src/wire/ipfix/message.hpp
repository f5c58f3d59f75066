// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The header of an IPFIX message (RFC 7011 section 3.1). Its sets are read by SetReader
// (template.hpp).

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::ipfix {

inline constexpr std::uint16_t version = 10;
inline constexpr std::size_t header_octets = 16;

struct Message {
    UtcTime exported;            // export time, in whole seconds
    std::uint32_t sequence = 0;  // data records sent before this message, modulo 2^32
    std::uint32_t observation_domain = 0;
    std::size_t octets = 0;  // the length of the message, or of its part that is there
    ByteSpan sets;           // the message without its header; not checked
};

// Reads the message that the octets begin with; more octets may follow it. ok, incomplete: the
// octets end before the message does, `sets` holds the part that is there; malformed: there is no
// header, or its length is shorter than itself, and `out` is not written.
[[nodiscard]] flow::Outcome parse_message(ByteSpan octets, Message& out) noexcept;

}  // namespace octroi::ipfix
