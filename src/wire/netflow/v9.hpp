// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The header of a NetFlow v9 message (RFC 3954 section 5.1). Its flow sets are read by wire/ipfix.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::netflow {

inline constexpr std::size_t v9_header_octets = 20;

// The count of records in the header is not used: exporters send wrong ones.
struct V9Message {
    UtcTime exported;             // export time, in whole seconds
    std::uint32_t uptime_ms = 0;  // of the exporter at the export time, modulo 2^32
    std::uint32_t sequence = 0;   // messages sent before this one, modulo 2^32
    std::uint32_t source_id = 0;  // what IPFIX calls the observation domain
    std::size_t octets = 0;
    ByteSpan sets;
};

// Reads the message that the octets begin with. ok; malformed: there is no header, and `out` is not
// written. The header does not state a length: the message ends with the octets, or where a version
// number (5, 7, 9, 10) stands in the place of a flow set id (0, 1, from 256 on).
[[nodiscard]] flow::Outcome parse_v9(ByteSpan octets, V9Message& out) noexcept;

}  // namespace octroi::netflow
