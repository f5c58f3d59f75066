// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NetFlow versions 1, 5 and 7: records of fixed form (Cisco, "NetFlow Export Datagram Formats").

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/ipfix/run.hpp"

namespace octroi::netflow {

struct FixedMessage {
    flow::Protocol protocol = flow::Protocol::unknown;
    UtcTime exported;
    std::uint32_t uptime_ms = 0;
    std::uint32_t sequence = 0;  // v5, v7: records before this message, modulo 2^32
    std::uint32_t engine = 0;    // v5: engine type << 8 | engine id
    std::uint32_t sampling = 0;  // v5: 1 in so many packets; 0: none stated
    std::uint32_t count = 0;     // of records that are whole
    std::size_t octets = 0;      // of the message, as far as it is there
    std::size_t record_octets = 0;
    ByteSpan records;
};

// ok; incomplete: the header counts more records than there are octets for; malformed: no header of
// such a version.
[[nodiscard]] flow::Outcome parse_fixed(ByteSpan octets, FixedMessage& out) noexcept;

// Fills the batch with records and moves `records` on; false: none is left.
[[nodiscard]] bool fill(const FixedMessage& message, ByteCursor& records,
                        ipfix::Batch& batch) noexcept;

}  // namespace octroi::netflow
