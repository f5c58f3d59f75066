// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a message ends in octets that hold one behind the other (IPFIX files of RFC 5655, dumps of
// what a collector received), and the time in its header.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::exporter {

// The longest message: what a UDP datagram can hold.
inline constexpr std::size_t message_max = 65'535;

struct MessageEnd {
    enum class Kind : std::uint8_t {
        whole,
        more,  // more octets are needed to tell: show message_max of them, or say that none follow
        cut,   // the octets end before the message does
        none,  // no message begins here
    };
    Kind kind = Kind::none;
    std::size_t length = 0;  // of a whole one
    UtcTime exported;        // by its header; sFlow has none: 1970
};

// last: no octets follow these.
[[nodiscard]] MessageEnd find_message_end(ByteSpan octets, bool last) noexcept;

}  // namespace octroi::exporter
