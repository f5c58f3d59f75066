// SPDX-License-Identifier: GPL-3.0-or-later
// Headers that state the link type of what follows them.

#include "wire/packet/link_detail.hpp"

namespace octroi::packet::detail {

// Per-Packet Information: version 0, flags, length of the header, link type; in little endian.
bool unwrap_ppi(const Work& work, Wrapped& inner) noexcept {
    constexpr std::size_t shortest = 8;
    if (!work.has(0, shortest) || work.u8(0) != 0) return false;
    const std::uint32_t link = le32(work, 4);
    inner = {LinkType{static_cast<std::uint16_t>(link)}, le16(work, 2)};
    return link <= 0xffff && inner.at >= shortest;
}

// Of macOS, in the byte order of the host, which is little endian: length of the header, type of
// the record, link type, name of the interface, flags.
bool unwrap_pktap(const Work& work, Wrapped& inner) noexcept {
    constexpr std::size_t shortest = 40;
    constexpr std::size_t longest = 4096;
    constexpr std::uint32_t type_packet = 1;
    constexpr std::uint32_t flag_in = 1;
    constexpr std::uint32_t flag_out = 2;
    if (!work.has(0, shortest) || le32(work, 4) != type_packet) return false;
    const std::uint32_t link = le32(work, 8);
    inner = {LinkType{static_cast<std::uint16_t>(link)}, le32(work, 0)};
    if (link > 0xffff || inner.at < shortest || inner.at > longest) return false;
    const std::uint32_t flags = le32(work, 36);
    if ((flags & flag_in) != 0) work.out.direction = Direction::in;
    if ((flags & flag_out) != 0) work.out.direction = Direction::out;
    return true;
}

}  // namespace octroi::packet::detail
