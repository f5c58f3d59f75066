// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the types that sFlow structures are made of (XDR, RFC 4506). Everything fills whole words
// of 4 octets. False: the octets end too early; the cursor may have moved.

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi::sflow {

template <std::size_t count>
[[nodiscard]] bool read_words(ByteCursor& in, std::array<std::uint32_t, count>& words) noexcept {
    ByteSpan octets;
    if (!in.raw(4 * count, octets)) return false;
    for (std::size_t i = 0; i < count; ++i) words[i] = load_be32(octets.data() + 4 * i);
    return true;
}

// opaque<>: a length, as many octets, and padding, which may be missing at the end of the input.
[[nodiscard]] inline bool read_opaque(ByteCursor& in, ByteSpan& out) noexcept {
    std::uint32_t length = 0;
    if (!in.be32(length) || !in.raw(length, out)) return false;
    const std::size_t padding = (4 - length % 4) % 4;
    return in.skip(padding < in.left() ? padding : in.left());
}

template <Family family>
[[nodiscard]] bool read_address_octets(ByteCursor& in, Address& out) noexcept {
    ByteSpan octets;
    if (!in.raw(family == Family::v4 ? 4 : 16, octets)) return false;
    std::memcpy(out.octets.data(), octets.data(), octets.size());
    out.family = family;
    return true;
}

// address: a type, 0 (unknown), 1 (IPv4) or 2 (IPv6), and its octets. `out` is not written if the
// type is unknown. False also for another type.
[[nodiscard]] inline bool read_address(ByteCursor& in, Address& out) noexcept {
    std::uint32_t type = 0;
    if (!in.be32(type)) return false;
    if (type == 1) return read_address_octets<Family::v4>(in, out);
    if (type == 2) return read_address_octets<Family::v6>(in, out);
    return type == 0;
}

// mac: 6 octets, padded to 8.
[[nodiscard]] inline bool read_mac(ByteCursor& in, Mac& out) noexcept {
    ByteSpan octets;
    if (!in.raw(8, octets)) return false;
    std::memcpy(out.octets.data(), octets.data(), out.octets.size());
    return true;
}

[[nodiscard]] inline std::string_view text_of(ByteSpan octets) noexcept {
    const void* const begin = octets.data();
    return {static_cast<const char*>(begin), octets.size()};
}

}  // namespace octroi::sflow
