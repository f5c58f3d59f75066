// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a collector received.

#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::exporter {

struct Datagram {
    ByteSpan octets;   // the payload of UDP, or one IPFIX message of a transport session
    Address from;      // the source address, which identifies the exporter
    UtcTime received;  // by our clock
    std::uint16_t transport_session = 0;  // of a message over TCP: the exporter's port; 0: UDP
    std::uint16_t port = 0;               // the source port over UDP; 0: not known
};

}  // namespace octroi::exporter
