// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/class_routes.hpp"

#include <algorithm>
#include <cstring>

#include "base/byte_cursor.hpp"

namespace octroi::sqlite {
namespace {

constexpr std::uint8_t v6_flag = 0x80;

// The number of octets of the address that the prefix length covers, at least in part.
std::size_t significant(int length) { return (static_cast<std::size_t>(length) + 7) / 8; }

std::size_t shared_octets(const Address& a, const Address& b, std::size_t at_most) {
    std::size_t shared = 0;
    while (shared < at_most && a.octets[shared] == b.octets[shared]) ++shared;
    return shared;
}

bool decode_route(ByteCursor& cursor, const Address& previous, ClassRoute& route) {
    std::uint8_t head = 0;
    std::uint8_t length = 0;
    if (!cursor.u8(head) || !cursor.u8(length)) return false;
    Address address;
    address.family = (head & v6_flag) != 0 ? Family::v6 : Family::v4;
    const std::size_t shared = head & 0x7FU;
    // Also bounds the copies below to 16 octets.
    if (length > address.bits() || shared > significant(length)) return false;
    ByteSpan rest;
    if (!cursor.raw(significant(length) - shared, rest)) return false;
    std::copy_n(previous.octets.begin(), shared, address.octets.begin());
    if (!rest.empty()) std::memcpy(address.octets.data() + shared, rest.data(), rest.size());
    route.prefix = Prefix{address, length};
    // encode_routes() writes canonical prefixes only, so bits after the length mean damage.
    return Prefix::of(address, length) == route.prefix && cursor.be16(route.class_index);
}

}  // namespace

std::string encode_routes(std::span<const ClassRoute> routes) {
    ByteWriter writer;
    Address previous;
    for (const auto& [prefix, class_index] : routes) {
        const std::size_t octets = significant(prefix.length);
        const std::size_t shared = shared_octets(prefix.address, previous, octets);
        const std::uint8_t flag = prefix.address.family == Family::v6 ? v6_flag : std::uint8_t{0};
        writer.u8(static_cast<std::uint8_t>(flag | shared));
        writer.u8(prefix.length);
        for (std::size_t i = shared; i < octets; ++i) writer.u8(prefix.address.octets[i]);
        writer.be16(class_index);
        previous = prefix.address;
    }
    return writer.drain();
}

bool decode_routes(std::string_view octets, std::vector<ClassRoute>& routes) {
    ByteCursor cursor(as_octets(octets));
    Address previous;
    while (cursor.left() > 0) {
        ClassRoute route;
        if (!decode_route(cursor, previous, route)) return false;
        previous = route.prefix.address;
        routes.push_back(route);
    }
    return true;
}

}  // namespace octroi::sqlite
