// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A decoded frame with its time; frames go through the meter in batches of them. And the marks that
// the meter adds to a flow key. There is no reference to the captured octets.

#include <cstddef>
#include <cstdint>

#include "record/reading.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {

struct Sample {
    packet::Packet packet;
    std::int64_t time;  // ns, as in UtcTime; within 1970 to 2200
    std::uint32_t wire_length;
};

// Frames per batch. Large enough that the memory accesses of a batch overlap, small enough that its
// samples stay in the first-level cache.
inline constexpr std::size_t batch_size = 64;

// Bits 48 to 63 of FlowKey::words[5] are free (wire/packet/packet.hpp); these marks
// separate flows with the same ends that must not be one reading.
inline constexpr unsigned direction_shift = 48;  // two bits: record/reading.hpp Direction
inline constexpr std::uint64_t orphan_mark = std::uint64_t{1} << 50U;
inline constexpr std::uint64_t duplicate_mark = std::uint64_t{1} << 51U;

inline void mark_direction(packet::FlowKey& key, Direction direction) noexcept {
    key.words[5] |= static_cast<std::uint64_t>(direction) << direction_shift;
}
[[nodiscard]] inline Direction direction_of(const packet::FlowKey& key) noexcept {
    return static_cast<Direction>((key.words[5] >> direction_shift) & 3U);
}

}  // namespace octroi::capture
