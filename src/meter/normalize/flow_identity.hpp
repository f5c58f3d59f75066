// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The key of a flow, to recognise it in a later record.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/address_octets.hpp"
#include "base/byte_cursor.hpp"
#include "base/hash.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::normalize {

// Addresses, ports and protocol. 48 octets without padding, so that they are hashed as they are.
struct FlowIdentity {
    std::array<std::uint8_t, 16> src{};
    std::array<std::uint8_t, 16> dst{};
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint8_t proto = 0;
    std::uint8_t family = 0;
    std::uint16_t icmp = 0;           // type << 8 | code
    std::uint64_t distinguisher = 0;  // of flows with the same key; 0: there is only one

    bool operator==(const FlowIdentity&) const noexcept = default;
};
static_assert(sizeof(FlowIdentity) == 48);

[[nodiscard]] inline FlowIdentity identity_of(const flow::FlowRecord& record) noexcept {
    return {.src = record.src.octets,
            .dst = record.dst.octets,
            .sport = record.sport,
            .dport = record.dport,
            .proto = record.proto,
            .family = static_cast<std::uint8_t>(record.src.family),
            .icmp = static_cast<std::uint16_t>(record.icmp_type << 8U | record.icmp_code)};
}

// As octets of a snapshot. DO NOT CHANGE the format: snapshots on disk contain it.
void save(ByteWriter& out, const FlowIdentity& identity);
[[nodiscard]] bool restore(ByteCursor& in, FlowIdentity& identity);

struct FlowIdentityHash {
    std::uint64_t seed = 0;
    [[nodiscard]] std::size_t operator()(const FlowIdentity& identity) const noexcept {
        std::array<std::uint64_t, sizeof(FlowIdentity) / 8> words{};
        std::memcpy(words.data(), &identity, sizeof identity);
        std::uint64_t hash = seed;
        for (const std::uint64_t word : words) hash = mix(hash ^ word ^ mix_a, mix_b ^ seed);
        return hash;
    }
};

}  // namespace octroi::normalize
