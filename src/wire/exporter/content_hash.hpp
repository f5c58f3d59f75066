// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A 32-bit hash of a message's octets, by which a message that arrives twice is recognised. Not
// keyed and not stored for longer than a snapshot: a collision makes one message look like a
// duplicate only if its sequence number is equal too.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/hash.hpp"

namespace octroi::exporter {

// Four independent lanes, because one multiplication need not wait for the one before.
[[nodiscard]] inline std::uint32_t content_hash(ByteSpan octets) noexcept {
    std::uint64_t lanes[4] = {mix_a, mix_b, mix_c, octets.size()};
    const std::byte* p = octets.data();
    std::size_t left = octets.size();
    for (; left >= 64; left -= 64, p += 64) {
        for (std::size_t i = 0; i < 4; ++i)
            lanes[i] = mix(lanes[i] ^ load_be64(p + 16 * i), mix_c ^ load_be64(p + 16 * i + 8));
    }
    std::uint64_t rest = lanes[0] ^ mix(lanes[1] + mix_a, lanes[2] ^ mix_b) ^ lanes[3];
    for (; left >= 8; left -= 8, p += 8) rest = mix(rest ^ load_be64(p), mix_a);
    for (; left > 0; --left, ++p) rest = mix(rest ^ static_cast<std::uint64_t>(*p), mix_b);
    return static_cast<std::uint32_t>(mix(rest, mix_c));
}

}  // namespace octroi::exporter
