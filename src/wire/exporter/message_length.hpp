// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a message ends in octets that hold one message behind the other, without anything between
// them: IPFIX files (RFC 5655), and dumps of received datagrams.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::exporter {

// The longest message, in octets: what fits a UDP datagram.
inline constexpr std::size_t message_max = 65'535;

struct MessageEnd {
    enum class Kind : std::uint8_t {
        whole,
        more,  // not known yet: call again with more octets behind the same ones
        cut,   // the octets end before the message does
        none,  // no message begins here
    };
    Kind kind = Kind::none;
    std::size_t length = 0;  // in octets, if whole
    UtcTime exported;        // export time in the header; sFlow has none: 1970
};

// `last`: no octets follow these; the kind is then never `more`. Nor is it with message_max + 4
// octets: a v9 message ends where the next one begins. More octets never change a message that was
// whole.
[[nodiscard]] MessageEnd find_message_end(ByteSpan octets, bool last) noexcept;

}  // namespace octroi::exporter
