// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How values of more than one component stand in a snapshot (snapshot.hpp). Numbers are big endian,
// times are nanoseconds since 1970 (64 bits, two's complement), flags are one octet, 0 or 1.
//
// get() returns false where the octets end or hold no such value; the value is then undefined.

#include <cstddef>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/record_sink.hpp"
#include "wire/ipfix/run.hpp"

namespace octroi::exporter {

// A change of the octets that any save() writes needs a new version. Changes: 5 has two more
// counters, two more figures of an exporter, and the largest number of records of a message; 6 has
// one more counter and figure, and the start of an exporter that is not confirmed.
inline constexpr std::uint32_t snapshot_version = 6;
inline constexpr std::uint32_t oldest_snapshot_version = 4;  // that can be read

void put(ByteWriter& to, UtcTime time);
void put(ByteWriter& to, const Address& address);
void put(ByteWriter& to, const flow::MessageContext& context);
void put(ByteWriter& to, const ipfix::Origin& origin);  // init_ms stands with its domain

[[nodiscard]] bool get(ByteCursor& from, bool& value);
[[nodiscard]] bool get(ByteCursor& from, UtcTime& time);
[[nodiscard]] bool get(ByteCursor& from, Address& address);
[[nodiscard]] bool get(ByteCursor& from, flow::MessageContext& context);
[[nodiscard]] bool get(ByteCursor& from, ipfix::Origin& origin);

// The number of entries that follow. False too if there are more than `most`.
[[nodiscard]] bool get_count(ByteCursor& from, std::size_t most, std::uint32_t& count);

}  // namespace octroi::exporter
