// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::journal {

// How a message was received. DO NOT CHANGE the numbers: journals on disk contain them.
enum class Transport : std::uint8_t {
    datagram = 0,
    // One IPFIX message of a TCP or TLS connection.
    stream = 1,
    // The connection has ended. It follows the last message of the connection; its one octet is one
    // of the two below.
    stream_end = 2,
};
inline constexpr std::byte stream_complete{0};
// Octets may be missing: it ended within a message, or was closed by us.
inline constexpr std::byte stream_cut{1};

struct Message {
    ByteSpan octets;  // borrowed: the function that fills the struct states for how long
    Address sender;
    std::uint16_t port = 0;  // of the sender
    UtcTime received;        // by our clock, when the receiving call began
    Transport transport = Transport::datagram;
};

}  // namespace octroi::journal
