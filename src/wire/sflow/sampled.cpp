// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/sflow/sampled.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "wire/packet/sampled_frame.hpp"
#include "wire/sflow/packet_fields.hpp"
#include "wire/sflow/xdr.hpp"

namespace octroi::sflow {
namespace {

using flow::Field;
using flow::FlowRecord;
using packet::LinkType;
using packet::Packet;

// Structures of enterprise 0 (sflow.org).
enum RecordFormat : std::uint32_t {
    format_header = 1,
    format_ethernet = 2,
    format_ipv4 = 3,
    format_ipv6 = 4,
    format_switch = 1001,
    format_router = 1002,
    format_gateway = 1003,
    format_user = 1004,
    format_nat = 1007,
    format_nat_port = 1020,
};

// The link type for a header_protocol that can carry IP.
std::optional<LinkType> link_of(std::uint32_t protocol) noexcept {
    switch (protocol) {
        case 1:
        case 17:  // a part of an 802.11 A-MSDU: addresses, length, LLC
            return LinkType::ethernet;
        case 3:
            return LinkType::token_ring;
        case 4:
            return LinkType::fddi;
        case 5:
            return LinkType::frame_relay;
        case 7:
            return LinkType::ppp;
        case 9:
            return LinkType::atm_rfc1483;
        case 10:  // AAL5 with IP only
            return LinkType::raw;
        case 11:
            return LinkType::ipv4;
        case 12:
            return LinkType::ipv6;
        case 13:
            return LinkType::mpls;
        case 14:  // packet over SONET, RFC 1662
            return LinkType::ppp_hdlc;
        case 15:  // without radiotap or another header before it
            return LinkType::wireless;
        default:
            return std::nullopt;
    }
}

// What every structure that describes the packet sets: the one of higher rank clears them first.
constexpr std::uint64_t packet_fields =
    flow::bit(Field::bytes) | flow::bit(Field::packets) | flow::bit(Field::src) |
    flow::bit(Field::dst) | flow::bit(Field::sport) | flow::bit(Field::dport) |
    flow::bit(Field::proto) | flow::bit(Field::tos) | flow::bit(Field::tcp_flags) |
    flow::bit(Field::icmp) | flow::bit(Field::ethertype);

void clear_packet(FlowRecord& record) noexcept {
    if ((record.fields & packet_fields) == 0) return;
    record.fields &= ~packet_fields;
    record.src = record.dst = {};
    record.sport = record.dport = record.ethertype = 0;
    record.proto = record.tos = record.tcp_flags = record.icmp_type = record.icmp_code = 0;
}

// A header_protocol that carries no IP is decoded as a link type that decode() does not know: the
// frame is non_ip, of the same length.
constexpr LinkType without_ip{0xffff};

}  // namespace

bool Sampled::packet_header(ByteCursor in) noexcept {
    std::uint32_t protocol = 0;
    std::uint32_t frame_length = 0;
    std::uint32_t stripped = 0;
    ByteSpan header;
    if (!in.be32(protocol) || !in.be32(frame_length) || !in.be32(stripped) ||
        !read_opaque(in, header))
        return false;
    // Of several headers the first is that of the outer packet.
    if (rank_ == Rank::header || rank_ == Rank::header_without_ip) return true;
    // Stripped octets (a checksum, tags) were on the wire but are not in the sampled header.
    packet::SampledFrame sampled;  // decode_sampled() sets every field
    packet::decode_sampled(link_of(protocol).value_or(without_ip), header,
                           {.frame = frame_length, .stripped = stripped}, sampled);
    const Packet& p = sampled.packet;
    set_frame_length(frame_length);
    set_link(record_, p);
    const bool ip = p.outcome == packet::Outcome::ip;
    if (p.outcome == packet::Outcome::malformed) ++counters_.bad_headers;
    if (!ip && rank_ == Rank::sampled_ip) return true;
    clear_packet(record_);
    record_.bytes = p.bytes;
    is_length_doubtful_ = sampled.doubt != packet::LengthDoubt::none;
    record_.ethertype = p.ethertype;
    if (p.ethertype != 0) set(Field::ethertype);
    if (ip) set_ip(record_, p, header.size());
    rank_ = ip ? Rank::header : Rank::header_without_ip;
    return true;
}

// A length that no frame has is not kept: nobody may add it up.
void Sampled::set_frame_length(std::uint32_t length) noexcept {
    if (length == 0 || length > packet::max_frame_length) return;
    record_.frame_bytes = length;
    set(Field::frame_bytes);
}

// The agent read the length in the IP header, which anybody can forge: the frame was shorter.
void Sampled::check_sampled_ip_length() noexcept {
    if (!record_.has(Field::frame_bytes)) return;
    const auto frame = static_cast<std::uint32_t>(record_.frame_bytes);
    if (record_.bytes <= frame) return;
    if (!packet::contradicts(frame, record_.bytes)) {
        is_length_doubtful_ = true;
        return;
    }
    ++counters_.bad_headers;
    clear_packet(record_);
    record_.bytes = frame;
    rank_ = Rank::header_without_ip;
}

bool Sampled::ethernet(ByteCursor in) noexcept {
    std::uint32_t length = 0;
    std::uint32_t type = 0;
    Mac src;
    Mac dst;
    if (!in.be32(length) || !read_mac(in, src) || !read_mac(in, dst) || !in.be32(type))
        return false;
    if (!record_.has(Field::src_mac)) {
        record_.src_mac = src;
        record_.dst_mac = dst;
        record_.fields |= flow::bit(Field::src_mac) | flow::bit(Field::dst_mac);
    }
    if (!record_.has(Field::frame_bytes)) set_frame_length(length);
    if (rank_ > Rank::link) return true;
    // Nothing else says how long the frame was. The MAC addresses stay.
    if (length == 0 || length > packet::max_frame_length) return false;
    record_.bytes = length;
    record_.ethertype = static_cast<std::uint16_t>(type);
    set(Field::ethertype);
    rank_ = Rank::link;
    return true;
}

template <Family family>
bool Sampled::sampled_ip(ByteCursor in) noexcept {
    std::array<std::uint32_t, 2> length_and_protocol{};
    Address src;
    Address dst;
    std::array<std::uint32_t, 4> rest{};  // ports, TCP flags, TOS or priority
    if (!read_words(in, length_and_protocol) || !read_address_octets<family>(in, src) ||
        !read_address_octets<family>(in, dst) || !read_words(in, rest))
        return false;
    if (length_and_protocol[0] > packet::max_plain_length) return false;
    if (rank_ >= Rank::sampled_ip) return true;
    clear_packet(record_);
    record_.bytes = length_and_protocol[0];
    is_length_doubtful_ = false;
    record_.proto = static_cast<std::uint8_t>(length_and_protocol[1]);
    record_.src = src;
    record_.dst = dst;
    record_.tos = static_cast<std::uint8_t>(rest[3]);
    record_.fields |= flow::bit(Field::src) | flow::bit(Field::dst) | flow::bit(Field::proto) |
                      flow::bit(Field::tos);
    if (has_ports(record_.proto)) {
        record_.sport = static_cast<std::uint16_t>(rest[0]);
        record_.dport = static_cast<std::uint16_t>(rest[1]);
        record_.fields |= flow::bit(Field::sport) | flow::bit(Field::dport);
    }
    if (record_.proto == proto_tcp) {
        record_.tcp_flags = static_cast<std::uint8_t>(rest[2]);
        set(Field::tcp_flags);
    }
    rank_ = Rank::sampled_ip;
    return true;
}

bool Sampled::switched(ByteCursor in) noexcept {
    std::array<std::uint32_t, 4> words{};  // VLAN and priority, before and after
    if (!read_words(in, words)) return false;
    switch_vlan_ = words[0];
    return true;
}

bool Sampled::routed(ByteCursor in) noexcept {
    Address next_hop;
    std::array<std::uint32_t, 2> masks{};
    if (!read_address(in, next_hop) || !read_words(in, masks) ||
        std::ranges::any_of(masks, [](std::uint32_t bits) { return bits > 128; }))
        return false;
    if (!next_hop.empty() && !has_bgp_next_hop_) {
        record_.next_hop = next_hop;
        set(Field::next_hop);
    }
    record_.src_mask = static_cast<std::uint8_t>(masks[0]);
    record_.dst_mask = static_cast<std::uint8_t>(masks[1]);
    record_.fields |= flow::bit(Field::src_mask) | flow::bit(Field::dst_mask);
    return true;
}

bool Sampled::gateway(ByteCursor in) noexcept {
    Address next_hop;
    // AS of the router, of the source, of the source's neighbour; number of path segments.
    std::array<std::uint32_t, 4> words{};
    if (!read_address(in, next_hop) || !read_words(in, words)) return false;
    std::optional<std::uint32_t> last;
    // Bounded by the octets: each segment has at least 8.
    for (std::uint32_t segments = words[3]; segments > 0; --segments) {
        std::array<std::uint32_t, 2> segment{};  // 1: set, 2: sequence; members
        ByteSpan members;
        if (!read_words(in, segment) || segment[1] > in.left() / 4 ||
            !in.raw(std::size_t{segment[1]} * 4, members))
            return false;
        // The last AS of a sequence is the origin. A set has no order: it names an origin only if
        // it has one member.
        const bool single = segment[0] == 2 || segment[1] == 1;
        if (members.empty()) continue;
        last.reset();
        if (single) last = load_be32(members.last(4).data());
    }
    // Communities and the local preference follow: not used.
    // The BGP next hop is preferred to that of extended_router: see prefer_bgp() in wire/ipfix.
    if (next_hop.octets != Address{}.octets) {
        record_.next_hop = next_hop;
        set(Field::next_hop);
        has_bgp_next_hop_ = true;
    }
    record_.src_as = words[1];
    set(Field::src_as);
    if (last) {
        record_.dst_as = *last;
        set(Field::dst_as);
    }
    return true;
}

bool Sampled::users(ByteCursor in) noexcept {
    std::uint32_t charset = 0;
    ByteSpan source;
    ByteSpan destination;
    if (!in.be32(charset) || !read_opaque(in, source) || !in.be32(charset) ||
        !read_opaque(in, destination))
        return false;
    const ByteSpan name = source.empty() ? destination : source;
    if (name.empty()) return true;
    record_.user = text_of(name);
    set(Field::user);
    return true;
}

bool Sampled::translated(ByteCursor in) noexcept {
    Address src;
    Address dst;
    if (!read_address(in, src) || !read_address(in, dst)) return false;
    record_.nat_src = src;
    record_.nat_dst = dst;
    if (!src.empty()) set(Field::nat_src);
    if (!dst.empty()) set(Field::nat_dst);
    return true;
}

bool Sampled::translated_ports(ByteCursor in) noexcept {
    std::array<std::uint32_t, 2> ports{};
    if (!read_words(in, ports)) return false;
    record_.nat_sport = static_cast<std::uint16_t>(ports[0]);
    record_.nat_dport = static_cast<std::uint16_t>(ports[1]);
    record_.fields |= flow::bit(Field::nat_sport) | flow::bit(Field::nat_dport);
    return true;
}

bool Sampled::dispatch(std::uint32_t format, ByteCursor in) noexcept {
    switch (format) {
        case format_header:
            return packet_header(in);
        case format_ethernet:
            return ethernet(in);
        case format_ipv4:
            return sampled_ip<Family::v4>(in);
        case format_ipv6:
            return sampled_ip<Family::v6>(in);
        case format_switch:
            return switched(in);
        case format_router:
            return routed(in);
        case format_gateway:
            return gateway(in);
        case format_user:
            return users(in);
        case format_nat:
            return translated(in);
        case format_nat_port:
            return translated_ports(in);
        default:
            ++counters_.skipped_records;
            return true;
    }
}

void Sampled::decode(std::uint32_t format, ByteSpan content) noexcept {
    if (!dispatch(format, ByteCursor(content))) ++counters_.malformed_records;
}

bool Sampled::finish() noexcept {
    // Switches remove the tag before they sample; then extended_switch has the VLAN.
    constexpr std::uint32_t vlan_last = 4094;
    if (!record_.has(Field::vlan) && switch_vlan_ > 0 && switch_vlan_ <= vlan_last) {
        record_.vlan = static_cast<std::uint16_t>(switch_vlan_);
        set(Field::vlan);
    }
    if (rank_ == Rank::none) return false;
    if (rank_ == Rank::sampled_ip) check_sampled_ip_length();
    if (rank_ < Rank::sampled_ip) record_.kind = flow::RecordKind::non_ip;
    record_.doubtful_length = is_length_doubtful_;
    if (is_length_doubtful_) ++counters_.doubtful_lengths;
    record_.packets = 1;
    record_.fields |= flow::bit(Field::bytes) | flow::bit(Field::packets);
    return true;
}

}  // namespace octroi::sflow
