// SPDX-License-Identifier: GPL-3.0-or-later
// IP headers, the extension headers of IPv6, and the first octets of transport headers.

#include <optional>

#include "wire/packet/detail.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::packet::detail {

namespace {

constexpr std::size_t v4_header = 20;
constexpr std::size_t v6_header = 40;
constexpr std::size_t tcp_flags_at = 13;
// No sender needs so many extension headers. A longer chain is not followed: the packet counts as
// truncated, without ports.
constexpr int max_extension_headers = 64;

// A packet according to its IP header. Offsets are in the frame.
struct Ip {
    std::size_t begin;   // of the IP header
    std::size_t end;     // of the packet; may be after the captured octets
    std::uint8_t proto;  // of the header at `next`
    std::size_t next;    // the header after the IP header and the extension headers so far
    Family family;
    // IPv6 with a payload length of 0: `end` is that of the frame unless a jumbo payload option
    // states another one. Becomes false when the header for that option was read.
    bool may_be_jumbo = false;
};

// Whether [at, at + count) is within the packet and was captured. If it is within the packet but
// was not captured, the packet is marked as truncated. Octets after the end of the packet are
// padding.
bool reachable(Work& work, const Ip& ip, std::size_t at, std::size_t count) noexcept {
    if (at > ip.end || ip.end - at < count) return false;
    if (work.has(at, count)) return true;
    work.out.truncated = true;
    return false;
}

struct Transport {
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
};

Transport transport(Work& work, const Ip& ip) noexcept {
    Transport t;
    if (ip.next <= work.frame.size()) work.out.transport = static_cast<std::uint32_t>(ip.next);
    switch (ip.proto) {
        case protocol::tcp:
        case protocol::udp:
        case protocol::udp_lite:
        case protocol::sctp:
        case protocol::dccp:
            if (!reachable(work, ip, ip.next, 4)) return t;
            t.sport = work.be16(ip.next);
            t.dport = work.be16(ip.next + 2);
            if (ip.proto == protocol::tcp && reachable(work, ip, ip.next + tcp_flags_at, 1))
                work.out.tcp_flags = work.u8(ip.next + tcp_flags_at);
            return t;
        case protocol::icmp:
        case protocol::icmpv6:
            // ICMP in IPv6 and ICMPv6 in IPv4 have no defined meaning, so no type is read.
            if ((ip.proto == protocol::icmp) != (ip.family == Family::v4)) return t;
            if (!reachable(work, ip, ip.next, 2)) return t;
            t.icmp_type = work.u8(ip.next);
            t.icmp_code = work.u8(ip.next + 1);
            return t;
        default:
            return t;
    }
}

// Completes the packet. The caller has written the addresses.
Outcome finish(Work& work, const Ip& ip) noexcept {
    if (!work.fits(ip.begin, ip.end)) return other(work, Outcome::malformed);
    Packet& out = work.out;
    out.outcome = Outcome::ip;
    out.bytes = ip.end - ip.begin;
    Transport t;
    if (out.fragment != Fragment::later && !out.truncated) t = transport(work, ip);
    out.key.words[4] = port_word(t.sport, t.dport, work.vlan, work.inner_vlan);
    out.key.words[5] = protocol_word(ip.proto, ip.family, t.icmp_type, t.icmp_code, work.interface);
    return Outcome::ip;
}

void set_fragment(Packet& out, std::uint16_t offset, bool more, std::uint32_t id) noexcept {
    if (offset == 0 && !more) return;
    out.fragment = offset == 0 ? Fragment::first : Fragment::later;
    out.fragment_id = id;
}

// RFC 2675: the length in the jumbo payload option.
std::optional<std::uint32_t> jumbo_length(const Work& work, std::size_t at,
                                          std::size_t end) noexcept {
    constexpr std::uint8_t pad1 = 0;
    constexpr std::uint8_t jumbo_payload = 0xc2;
    for (std::size_t p = at + 2; p < end;) {  // advances by at least one octet
        const std::uint8_t type = work.u8(p);
        if (type == pad1) {
            ++p;
            continue;
        }
        if (end - p < 2) return std::nullopt;
        const std::uint8_t length = work.u8(p + 1);
        if (type == jumbo_payload && length == 4 && end - p >= 6) return work.be32(p + 2);
        p += 2U + length;
    }
    return std::nullopt;
}

// False: the length is one that a payload length of 16 bits could state (RFC 2675, 3: an error).
bool read_jumbo_option(const Work& work, Ip& ip, std::size_t header_length) noexcept {
    ip.may_be_jumbo = false;
    const auto jumbo = jumbo_length(work, ip.next, ip.next + header_length);
    if (!jumbo) return true;
    ip.end = ip.begin + v6_header + *jumbo;
    return *jumbo > 0xffff;
}

// Skips the extension headers (RFC 8200, 4). False: malformed.
bool extensions(Work& work, Ip& ip) noexcept {
    for (int count = 0; is_extension(ip.proto); ++count) {
        if (count == max_extension_headers) {
            work.out.truncated = true;
            return true;
        }
        if (!reachable(work, ip, ip.next, 8)) return true;
        const std::size_t length = extension_length(ip.proto, work.u8(ip.next + 1));
        if (ip.proto == protocol::fragment) {
            const std::uint16_t field = work.be16(ip.next + 2);
            set_fragment(work.out, field >> 3U, (field & 1U) != 0, work.be32(ip.next + 4));
        } else if (ip.proto == protocol::hop_by_hop && ip.may_be_jumbo &&
                   work.has(ip.next, length)) {
            if (!read_jumbo_option(work, ip, length)) return false;
        }
        ip.proto = work.u8(ip.next);
        ip.next += length;
        if (work.out.fragment == Fragment::later) return true;
    }
    return true;
}

}  // namespace

bool is_extension(std::uint8_t proto) noexcept {
    switch (proto) {
        case protocol::hop_by_hop:
        case protocol::routing:
        case protocol::fragment:
        case protocol::authentication:
        case protocol::destination_options:
        case protocol::shim6:
            return true;
        default:
            return false;
    }
}

std::size_t extension_length(std::uint8_t proto, std::uint8_t units) noexcept {
    if (proto == protocol::fragment) return 8;
    if (proto == protocol::authentication) return (units + std::size_t{2}) * 4;  // RFC 4302, 2.2
    return (units + std::size_t{1}) * 8;                                         // RFC 8200, 4.2
}

Outcome other(Work& work, Outcome outcome) noexcept {
    Packet& out = work.out;
    out.fragment = Fragment::none;  // an IP header may have been read in part
    out.fragment_id = out.transport = 0;
    out.tos = out.tcp_flags = 0;
    out.truncated = false;
    out.key.words = {};
    out.key.words[4] = port_word(0, 0, work.vlan, work.inner_vlan);
    out.key.words[5] = protocol_word(0, Family::none, 0, 0, work.interface);
    out.bytes = work.wire_length;
    out.outcome = outcome;
    return outcome;
}

// RFC 791.
Outcome ipv4(Work& work, std::size_t at) noexcept {
    if (!work.has(at, v4_header)) return other(work, Outcome::malformed);
    const std::size_t header = (work.u8(at) & 0x0fU) * std::size_t{4};
    if (work.u8(at) >> 4U != 4 || header < v4_header) return other(work, Outcome::malformed);
    std::size_t length = work.be16(at + 2);
    if (length == 0 && work.length_known() && work.wire_length > at) length = work.wire_length - at;
    if (length < header) return other(work, Outcome::malformed);

    Packet& out = work.out;
    std::uint64_t both = 0;
    std::memcpy(&both, work.frame.data() + at + 12, sizeof both);
    out.key.words[0] = both & 0xffff'ffffU;  // whole words: see FlowKey
    out.key.words[2] = both >> 32U;
    out.tos = work.u8(at + 1);
    const std::uint16_t field = work.be16(at + 6);
    set_fragment(out, field & 0x1fffU, (field & 0x2000U) != 0, work.be16(at + 4));
    return finish(work, {.begin = at,
                         .end = at + length,
                         .proto = work.u8(at + 9),
                         .next = at + header,
                         .family = Family::v4});
}

// RFC 8200.
Outcome ipv6(Work& work, std::size_t at) noexcept {
    if (!work.has(at, v6_header) || work.u8(at) >> 4U != 6) return other(work, Outcome::malformed);
    Packet& out = work.out;
    std::memcpy(out.key.words.data(), work.frame.data() + at + 8, 32);
    out.tos = static_cast<std::uint8_t>(work.be16(at) >> 4U);
    Ip ip{.begin = at,
          .end = at + v6_header + work.be16(at + 4),
          .proto = work.u8(at + 6),
          .next = at + v6_header,
          .family = Family::v6};
    // A length of 0, but octets follow: a jumbogram, or segmentation offload. The wire length
    // counts unless a jumbo payload option follows. If it is not known, no such packet fits.
    const bool more = work.wire_length > ip.next || !work.length_known();
    if (ip.end == ip.next && ip.proto != protocol::no_next && more) {
        ip.end = work.length_known() ? work.wire_length : at + max_plain_length + 1;
        ip.may_be_jumbo = true;
    }
    if (!extensions(work, ip)) return other(work, Outcome::malformed);
    return finish(work, ip);
}

Outcome any_ipv4(Work& work, std::size_t at) noexcept {
    work.ip_at = at;
    const Tags tags{port_word(0, 0, work.vlan, work.inner_vlan)};
    if (work.has(at, v4_header + fast_seen) &&
        fast_ipv4(work.frame, at, work.longest_end, tags, work.interface, work.out))
        return Outcome::ip;
    return ipv4(work, at);
}

Outcome any_ipv6(Work& work, std::size_t at) noexcept {
    work.ip_at = at;
    const Tags tags{port_word(0, 0, work.vlan, work.inner_vlan)};
    if (work.has(at, v6_header + fast_seen) &&
        fast_ipv6(work.frame, at, work.longest_end, tags, work.interface, work.out))
        return Outcome::ip;
    return ipv6(work, at);
}

Outcome ip_by_version(Work& work, std::size_t at) noexcept {
    if (!work.has(at, 1)) return other(work, Outcome::malformed);
    return work.u8(at) >> 4U == 6 ? any_ipv6(work, at) : any_ipv4(work, at);
}

}  // namespace octroi::packet::detail
