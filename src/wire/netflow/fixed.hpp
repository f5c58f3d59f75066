// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NetFlow versions 1, 5 and 7, which have records of a fixed format (Cisco, "NetFlow Export
// Datagram Formats").

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
    UtcTime exported;             // export time; nanoseconds out of range count as 0
    std::uint32_t uptime_ms = 0;  // of the exporter at the export time, modulo 2^32
    std::uint32_t sequence = 0;   // v5, v7: records sent before this message, modulo 2^32
    std::uint32_t engine = 0;     // v5: engine type << 8 | engine id
    std::uint32_t sampling = 0;   // v5: 1 in so many packets; 0: not stated
    std::uint32_t count = 0;      // records that are there in whole
    std::size_t octets = 0;       // the length of the message, or of its part that is there
    std::size_t record_octets = 0;
    ByteSpan records;  // count * record_octets
};

// Reads the header of the message that the octets begin with; more octets may follow it. ok,
// incomplete: the header counts more records than there are; malformed: there is no header of these
// versions, and `out` is not written.
[[nodiscard]] flow::Outcome parse_fixed(ByteSpan octets, FixedMessage& out) noexcept;

// Adds records to the batch until it is full, and moves `records` behind them. False: none is left.
[[nodiscard]] bool fill(const FixedMessage& message, ByteCursor& records,
                        ipfix::Batch& batch) noexcept;

}  // namespace octroi::netflow
