// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A decoded frame with its time; frames go through the meter in batches of them. And the marks that
// the meter adds to a flow key. There is no reference to the captured octets.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/hash.hpp"
#include "record/reading.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::capture {

struct Sample {
    packet::Packet packet;      // bytes: of all its segments
    std::int64_t time;          // ns, as in UtcTime; within 1970 to 2200
    std::uint32_t wire_length;  // likewise
    std::uint16_t segments;     // frames on the wire, at least 1
    std::uint16_t icmp_id;      // identifier of an ICMP query; valid in live capture
    NameRef out_interface;      // valid where the key has a departure (set_departure)
};

// Frames per batch. Large enough that the memory accesses of a batch overlap, small enough that its
// samples stay in the first-level cache.
inline constexpr std::size_t batch_size = 64;

// Bits 48 to 63 of FlowKey::words[5] are free (wire/packet/packet.hpp); these marks
// separate flows with the same ends that must not be one reading.
inline constexpr unsigned direction_shift = 48;  // two bits: record/reading.hpp Direction
inline constexpr std::uint64_t orphan_mark = std::uint64_t{1} << 50U;
inline constexpr std::uint64_t duplicate_mark = std::uint64_t{1} << 51U;

// Where a forwarded packet left this machine: Reading::out_interface, and the MAC that it went to
// (empty: the link type has none).
struct Departure {
    NameRef interface = no_name;
    Mac mac;
};
// Twelve bits: a digest of the departure; 0: none. So a flow that leaves another way is another
// flow, except in one of 4095 cases, in which it keeps its old departure until it is idle.
inline constexpr unsigned departure_shift = 52;

[[nodiscard]] inline bool has_departure(const packet::FlowKey& key) noexcept {
    return key.words[5] >> departure_shift != 0;
}
// The frame that came in then also states where it went out. Its destination was the MAC of this
// machine.
inline void set_departure(Sample& sample, const Departure& departure) noexcept {
    std::uint64_t mac = 0;
    std::memcpy(&mac, departure.mac.octets.data(), departure.mac.octets.size());
    const std::uint64_t digest = mix(mac ^ mix_a, departure.interface ^ mix_b) % 4095 + 1;
    sample.packet.key.words[5] |= digest << departure_shift;
    std::memcpy(sample.packet.macs.data(), departure.mac.octets.data(),
                departure.mac.octets.size());
    sample.out_interface = departure.interface;
}

inline void mark_direction(packet::FlowKey& key, Direction direction) noexcept {
    key.words[5] |= static_cast<std::uint64_t>(direction) << direction_shift;
}
[[nodiscard]] inline Direction direction_of(const packet::FlowKey& key) noexcept {
    return static_cast<Direction>((key.words[5] >> direction_shift) & 3U);
}

}  // namespace octroi::capture
