// SPDX-License-Identifier: GPL-3.0-or-later
// Link layers that name the protocol by an address family of the capturing system.

#include <algorithm>
#include <array>

#include "wire/packet/link_detail.hpp"

namespace octroi::packet::detail {

namespace {

// AF_INET6 has a different number on each system; AF_INET is 2 on all of them.
constexpr std::uint32_t af_inet = 2;
bool is_af_inet6(std::uint32_t family) noexcept {
    constexpr std::array<std::uint32_t, 7> numbers{
        10,  // Linux
        22,  // HP-UX
        23,  // Windows
        24,  // NetBSD, OpenBSD, AIX, IRIX
        26,  // Solaris, Tru64
        28,  // FreeBSD, DragonFly
        30,  // macOS
    };
    return std::ranges::find(numbers, family) != numbers.end();
}

bool names_ip(std::uint32_t number) noexcept {
    return number == af_inet || is_af_inet6(number) || number == ethertype::ipv4 ||
           number == ethertype::ipv6;
}

Outcome by_address_family(Work& work, std::uint32_t family, std::size_t at) noexcept {
    work.out.ethertype = static_cast<std::uint16_t>(family);
    if (family == af_inet) return any_ipv4(work, at);
    if (is_af_inet6(family)) return any_ipv6(work, at);
    return other(work, Outcome::non_ip);
}

// An address family, or the ethertype that some writers have in its place.
Outcome by_family_or_type(Work& work, std::uint32_t number, std::size_t at) noexcept {
    if (number < ethertype::first || number > 0xffff) return by_address_family(work, number, at);
    return unwrap(work, layer_at(Layer::typed, at, static_cast<std::uint16_t>(number)));
}

// The numbers that the four octets may mean, the most usual ones first. 0: no number.
std::array<std::uint32_t, 4> loopback_numbers(std::uint32_t big) noexcept {
    const std::uint32_t little = __builtin_bswap32(big);
    const auto first = static_cast<std::uint16_t>(big >> 16U);
    const auto second = static_cast<std::uint16_t>(big);
    return {
        // 32 bits in the byte order of the host that captured, which need not be that of the file.
        // The numbers have 16 bits, so a greater value has the other byte order.
        big > 0xffff ? little : big,
        // 16 bits, before or after two octets of 0 (IRIX, UNICOS).
        second == 0 ? std::uint32_t{first} : 0,
        second == 0 ? std::uint32_t{__builtin_bswap16(first)} : 0,
        first == 0 ? std::uint32_t{__builtin_bswap16(second)} : 0,
    };
}

}  // namespace

Outcome loopback(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 4;
    constexpr std::uint32_t hdlc = 0xff03;  // PPP in HDLC-like framing
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    const auto numbers = loopback_numbers(work.be32(at));
    const auto* const found = std::ranges::find_if(numbers, names_ip);
    if (found != numbers.end()) return by_family_or_type(work, *found, at + header);
    if (work.be16(at) == hdlc) return ppp(work, at);
    return by_family_or_type(work, numbers.front(), at + header);
}

// Length, address family, action, reason, interface name and more; padded to 4 octets.
Outcome pflog(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 2)) return other(work, Outcome::non_ip);
    const std::size_t header = (work.u8(at) + 3U) & ~std::size_t{3};
    return by_address_family(work, work.u8(at + 1), at + header);
}

// The enc interface of OpenBSD: address family in the byte order of the host, SPI, flags.
Outcome ipsec_log(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 12;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    const std::uint32_t family = work.be32(at);
    return by_address_family(work, family > 0xffff ? __builtin_bswap32(family) : family,
                             at + header);
}

// Family, version, resource id; then attributes of length, type and value, padded to 4 octets.
// Length and type are in the byte order of the host that captured; little endian is assumed. From a
// big endian host the lengths do not fit, and the frame is non_ip.
//
// The kernel copies the first octets of a packet, and the length that is stated as that on the wire
// is that of the copy. It has compared the IP length with the whole packet before: it counts.
Outcome nflog(Work& work, std::size_t at) noexcept {
    constexpr std::uint16_t payload = 9;  // NFULA_PAYLOAD
    constexpr int max_attributes = 64;
    std::size_t attribute = at + 4;
    for (int i = 0; i < max_attributes && work.has(attribute, 4); ++i) {
        const std::uint16_t length = le16(work, attribute);
        const std::uint16_t type = le16(work, attribute + 2) & 0x7fffU;
        if (length < 4) break;
        if (type == payload) {
            work.longest_end = Work::unknown_end;
            return by_address_family(work, work.u8(at), attribute + 4);
        }
        attribute += (length + 3U) & ~std::size_t{3};
    }
    return other(work, Outcome::non_ip);
}

// Solaris: version, address family, then lengths, interfaces and zones.
Outcome ipnet(Work& work, std::size_t at) noexcept {
    constexpr std::size_t header = 24;
    if (!work.has(at, header)) return other(work, Outcome::non_ip);
    return by_address_family(work, work.u8(at + 1), at + header);
}

}  // namespace octroi::packet::detail
