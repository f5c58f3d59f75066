// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Builds frames for tests, generated captures and the traces of benchmarks: the inverse of
// decode(). Headers are added from the outside in. Each one sets the type field of the header
// before it; octets() sets the lengths:
//
//     std::string frame = Frame().ethernet(dst, src).vlan(7).ipv4({.src = a, .dst = b})
//                             .tcp(40000, 80, 0x18).payload(100).octets();
//
// IPv4 header checksums are correct; transport checksums are 0.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::packet::build {

struct Ipv4 {
    Address src;
    Address dst;
    std::uint8_t tos = 0;
    std::uint16_t id = 0;
    std::uint16_t fragment_offset = 0;  // in units of 8 octets, 13 bits
    bool more_fragments = false;
    std::uint8_t ttl = 64;
    std::string_view options = {};  // a multiple of 4 octets, at most 40
    bool without_length = false;    // total length 0, as segmentation offload leaves it
};

struct Ipv6 {
    Address src;
    Address dst;
    std::uint8_t traffic_class = 0;
    std::uint8_t hop_limit = 64;
    bool without_length = false;  // payload length 0: jumbograms, segmentation offload
};

class Frame {
public:
    // Link layers.
    Frame& ethernet(const Mac& dst, const Mac& src);
    // LLC and SNAP; the type field becomes a length (call it after ethernet()).
    Frame& snap();
    Frame& cooked_v1(std::uint16_t packet_type, const Mac& src);
    Frame& cooked_v2(std::uint8_t packet_type, const Mac& src);
    Frame& loopback(std::uint32_t family, bool big_endian);
    // With the address and control octets of HDLC framing, or from the protocol on.
    Frame& ppp(bool framed);

    // Between link layer and IP.
    Frame& vlan(std::uint16_t id, std::uint16_t tag_type = 0x8100);
    Frame& pppoe(std::uint16_t session);
    // last: the bottom of the stack.
    Frame& mpls(std::uint32_t label, bool last);
    // Any ethertype, for example 0x0806 for ARP.
    Frame& type(std::uint16_t ethertype);

    Frame& ipv4(const Ipv4& header);
    Frame& ipv6(const Ipv6& header);
    // Hop-by-hop (0), routing (43) or destination options (60): content without its first 2
    // octets, padded here to 8.
    Frame& extension(std::uint8_t proto, std::string_view content);
    Frame& jumbo(std::uint32_t length);
    Frame& fragment(std::uint16_t offset, bool more, std::uint32_t id);
    Frame& authentication(std::uint32_t spi);

    Frame& tcp(std::uint16_t sport, std::uint16_t dport, std::uint8_t flags);
    Frame& udp(std::uint16_t sport, std::uint16_t dport);
    // icmp in IPv4, icmpv6 in IPv6: 8 octets.
    Frame& icmp(std::uint8_t type, std::uint8_t code);
    Frame& icmpv6(std::uint8_t type, std::uint8_t code);
    // Any other protocol number, or the octets of a fragment that has no header.
    Frame& protocol(std::uint8_t number);

    Frame& raw(std::string_view octets);
    Frame& payload(std::size_t size);
    // Ethernet padding up to `size`. No length field includes it.
    Frame& padded_to(std::size_t size);

    [[nodiscard]] std::string octets() const;

private:
    enum class Field : std::uint8_t { none, ethertype, ppp, protocol };
    enum class Length : std::uint8_t { v4, v6, udp, pppoe, llc };
    struct Measured {
        Length kind;
        std::size_t begin;  // of the header
    };

    void u8(std::uint64_t v) { octets_.push_back(static_cast<char>(v)); }
    void be16(std::uint64_t v);
    void be32(std::uint64_t v);
    void address(const Address& a);
    void mac(const Mac& m);
    // Appends a type field of 0, which the next header sets.
    void expect(Field field);
    void announce(std::uint16_t ethertype, std::uint16_t ppp_number, std::uint8_t proto);
    void put16(std::string& into, std::size_t at, std::size_t value) const;
    void measure(std::string& into, const Measured& m) const;
    Frame& extension_header(std::uint8_t proto);

    std::string octets_;
    std::string padding_;
    Field field_ = Field::none;
    std::size_t field_at_ = 0;
    std::vector<Measured> measured_;
};

}  // namespace octroi::packet::build
