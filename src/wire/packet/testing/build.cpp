// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/packet/testing/build.hpp"

#include "base/check.hpp"
#include "wire/packet/detail.hpp"

namespace octroi::packet::build {

namespace number = detail::protocol;

void Frame::be16(std::uint64_t v) {
    u8(v >> 8U);
    u8(v);
}
void Frame::be32(std::uint64_t v) {
    be16(v >> 16U);
    be16(v);
}
void Frame::address(const Address& a) {
    for (int i = 0; i < a.bits() / 8; ++i) u8(a.octets[static_cast<std::size_t>(i)]);
}
void Frame::mac(const Mac& m) {
    for (const std::uint8_t octet : m.octets) u8(octet);
}

void Frame::expect(Field field) {
    field_ = field;
    field_at_ = octets_.size();
    if (field == Field::protocol)
        u8(0);
    else
        be16(0);
}

void Frame::put16(std::string& into, std::size_t at, std::size_t value) const {
    into[at] = static_cast<char>(value >> 8U);
    into[at + 1] = static_cast<char>(value);
}

// Sets the type field of the previous header.
void Frame::announce(std::uint16_t ethertype, std::uint16_t ppp_number, std::uint8_t proto) {
    switch (field_) {
        case Field::none:
            break;
        case Field::ethertype:
            put16(octets_, field_at_, ethertype);
            break;
        case Field::ppp:
            put16(octets_, field_at_, ppp_number);
            break;
        case Field::protocol:
            octets_[field_at_] = static_cast<char>(proto);
            break;
    }
    field_ = Field::none;
}

Frame& Frame::ethernet(const Mac& dst, const Mac& src) {
    mac(dst);
    mac(src);
    expect(Field::ethertype);
    return *this;
}

Frame& Frame::snap() {
    field_ = Field::none;
    measured_.push_back({Length::llc, octets_.size()});
    raw(std::string_view("\xaa\xaa\x03\0\0\0", 6));
    expect(Field::ethertype);
    return *this;
}

Frame& Frame::cooked_v1(std::uint16_t packet_type, const Mac& src) {
    be16(packet_type);
    be16(1);  // ARPHRD_ETHER
    be16(6);
    mac(src);
    be16(0);
    expect(Field::ethertype);
    return *this;
}

Frame& Frame::cooked_v2(std::uint8_t packet_type, const Mac& src) {
    expect(Field::ethertype);
    be16(0);
    be32(1);  // interface
    be16(1);  // ARPHRD_ETHER
    u8(packet_type);
    u8(6);
    mac(src);
    be16(0);
    return *this;
}

Frame& Frame::loopback(std::uint32_t family, bool big_endian) {
    be32(big_endian ? family : __builtin_bswap32(family));
    return *this;
}

Frame& Frame::ppp(bool framed) {
    if (framed) be16(0xff03);
    expect(Field::ppp);
    return *this;
}

Frame& Frame::vlan(std::uint16_t id, std::uint16_t tag_type) {
    announce(tag_type, 0, 0);
    be16(id);
    expect(Field::ethertype);
    return *this;
}

Frame& Frame::pppoe(std::uint16_t session) {
    announce(detail::ethertype::pppoe_session, 0, 0);
    measured_.push_back({Length::pppoe, octets_.size()});
    be16(0x1100);
    be16(session);
    be16(0);
    expect(Field::ppp);
    return *this;
}

Frame& Frame::mpls(std::uint32_t label, bool last) {
    announce(detail::ethertype::mpls, 0x0281, 137);
    be32(label << 12U | (last ? 0x100U : 0U) | 64U);
    return *this;
}

Frame& Frame::type(std::uint16_t ethertype) {
    announce(ethertype, ethertype, 0);
    return *this;
}

Frame& Frame::ipv4(const Ipv4& header) {
    CHECK(header.options.size() % 4 == 0 && header.options.size() <= 40);
    announce(detail::ethertype::ipv4, 0x0021, 4);
    const std::size_t begin = octets_.size();
    u8(0x45 + header.options.size() / 4);
    u8(header.tos);
    be16(0);
    be16(header.id);
    be16((header.more_fragments ? 0x2000U : 0U) | header.fragment_offset);
    u8(header.ttl);
    expect(Field::protocol);
    be16(0);
    address(header.src);
    address(header.dst);
    raw(header.options);
    if (!header.without_length) measured_.push_back({Length::v4, begin});
    return *this;
}

Frame& Frame::ipv6(const Ipv6& header) {
    announce(detail::ethertype::ipv6, 0x0057, 41);
    const std::size_t begin = octets_.size();
    be32(0x6000'0000U | std::uint32_t{header.traffic_class} << 20U);
    be16(0);
    expect(Field::protocol);
    u8(header.hop_limit);
    address(header.src);
    address(header.dst);
    if (!header.without_length) measured_.push_back({Length::v6, begin});
    return *this;
}

Frame& Frame::extension_header(std::uint8_t proto) {
    announce(0, 0, proto);
    expect(Field::protocol);
    return *this;
}

Frame& Frame::extension(std::uint8_t proto, std::string_view content) {
    extension_header(proto);
    const std::size_t size = (content.size() + 2 + 7) / 8 * 8;
    u8(size / 8 - 1);
    raw(content);
    for (std::size_t i = content.size() + 2; i < size; ++i) u8(0);  // Pad1
    return *this;
}

Frame& Frame::jumbo(std::uint32_t length) {
    extension_header(number::hop_by_hop);
    u8(0);
    be16(0xc204);
    be32(length);
    return *this;
}

Frame& Frame::fragment(std::uint16_t offset, bool more, std::uint32_t id) {
    extension_header(number::fragment);
    u8(0);
    be16(static_cast<std::uint64_t>(offset) << 3U | (more ? 1U : 0U));
    be32(id);
    return *this;
}

// RFC 4302 with a check value of 12 octets.
Frame& Frame::authentication(std::uint32_t spi) {
    extension_header(number::authentication);
    u8(4);
    be16(0);
    be32(spi);
    be32(1);
    return payload(12);
}

Frame& Frame::tcp(std::uint16_t sport, std::uint16_t dport, std::uint8_t flags) {
    announce(0, 0, number::tcp);
    be16(sport);
    be16(dport);
    be32(1);
    be32(1);
    u8(0x50);
    u8(flags);
    be16(0xffff);
    be32(0);
    return *this;
}

Frame& Frame::udp(std::uint16_t sport, std::uint16_t dport) {
    announce(0, 0, number::udp);
    measured_.push_back({Length::udp, octets_.size()});
    be16(sport);
    be16(dport);
    be32(0);
    return *this;
}

Frame& Frame::icmp(std::uint8_t type, std::uint8_t code) {
    announce(0, 0, number::icmp);
    u8(type);
    u8(code);
    be16(0);
    be32(1);
    return *this;
}

Frame& Frame::icmpv6(std::uint8_t type, std::uint8_t code) {
    announce(0, 0, number::icmpv6);
    u8(type);
    u8(code);
    be16(0);
    be32(1);
    return *this;
}

Frame& Frame::protocol(std::uint8_t proto) {
    announce(0, 0, proto);
    return *this;
}

Frame& Frame::raw(std::string_view octets) {
    octets_.append(octets);
    return *this;
}

Frame& Frame::payload(std::size_t size) {
    octets_.append(size, '\0');
    return *this;
}

Frame& Frame::padded_to(std::size_t size) {
    if (octets_.size() < size) padding_.assign(size - octets_.size(), '\0');
    return *this;
}

namespace {

// RFC 1071 over an IPv4 header.
std::uint16_t checksum(std::string_view header) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < header.size(); i += 2)
        sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(header[i])) << 8U |
               static_cast<std::uint8_t>(header[i + 1]);
    while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

}  // namespace

void Frame::measure(std::string& into, const Measured& m) const {
    const std::size_t size = octets_.size() - m.begin;
    CHECK(size <= 0xffff + 40);
    switch (m.kind) {
        case Length::v4:
            put16(into, m.begin + 2, size);
            break;
        case Length::v6:
            put16(into, m.begin + 4, size - 40);
            break;
        case Length::udp:
            put16(into, m.begin + 4, size);
            break;
        case Length::pppoe:
            put16(into, m.begin + 4, size - 6);
            break;
        case Length::llc:
            put16(into, m.begin - 2, size);
            break;
    }
    if (m.kind != Length::v4) return;
    const std::size_t header = (static_cast<std::uint8_t>(into[m.begin]) & 0x0fU) * std::size_t{4};
    put16(into, m.begin + 10, checksum(std::string_view(into).substr(m.begin, header)));
}

std::string Frame::octets() const {
    std::string out = octets_;
    for (const Measured& m : measured_) measure(out, m);
    return out + padding_;
}

}  // namespace octroi::packet::build
