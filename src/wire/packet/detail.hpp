// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Shared by the files of this folder. Other folders must not include it.

#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::packet::detail {

// The protocol numbers that the decoder needs (IANA "Assigned Internet Protocol Numbers").
namespace protocol {
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t dccp = 33;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t authentication = 51;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t no_next = 59;
inline constexpr std::uint8_t destination_options = 60;
inline constexpr std::uint8_t sctp = 132;
inline constexpr std::uint8_t udp_lite = 136;
inline constexpr std::uint8_t shim6 = 140;
}  // namespace protocol

// The state of decoding one frame. u8() and so on do not check bounds: call has() first.
struct Work {
    ByteSpan frame;
    std::uint32_t wire_length;  // frame_length()
    std::size_t longest_end;    // no packet ends after this offset, or unknown_end
    std::uint16_t interface;
    Packet& out;
    std::uint16_t vlan = 0;
    std::uint16_t inner_vlan = 0;
    unsigned tags = 0;      // VLAN tags so far
    std::size_t ip_at = 0;  // offset of the IP header; 0: none was reached

    static constexpr std::size_t unknown_end = SIZE_MAX;

    [[nodiscard]] static Work of(ByteSpan captured, std::uint32_t stated_wire_length,
                                 std::uint16_t interface, Packet& out) noexcept {
        const std::uint32_t length = frame_length(captured.size(), stated_wire_length);
        return {.frame = captured,
                .wire_length = length,
                .longest_end = stated_wire_length > max_frame_length ? unknown_end : length,
                .interface = interface,
                .out = out};
    }
    [[nodiscard]] bool length_known() const noexcept { return longest_end != unknown_end; }
    // Whether a packet from `begin` to `end` fits into the frame.
    [[nodiscard]] bool fits(std::size_t begin, std::size_t end) const noexcept {
        return end <= longest_end && (length_known() || end - begin <= max_plain_length);
    }

    // Whether the octets [at, at + count) were captured.
    [[nodiscard]] bool has(std::size_t at, std::size_t count) const noexcept {
        return at <= frame.size() && frame.size() - at >= count;
    }
    [[nodiscard]] std::uint8_t u8(std::size_t at) const noexcept {
        return static_cast<std::uint8_t>(frame[at]);
    }
    [[nodiscard]] std::uint16_t be16(std::size_t at) const noexcept {
        return load_be16(frame.data() + at);
    }
    [[nodiscard]] std::uint32_t be32(std::size_t at) const noexcept {
        return load_be32(frame.data() + at);
    }
};

// words[4] and words[5] of the key: see FlowKey.
[[nodiscard]] constexpr std::uint64_t port_word(std::uint16_t sport, std::uint16_t dport,
                                                std::uint16_t vlan,
                                                std::uint16_t inner_vlan) noexcept {
    return std::uint64_t{sport} | std::uint64_t{dport} << 16U | std::uint64_t{vlan} << 32U |
           std::uint64_t{inner_vlan} << 48U;
}
[[nodiscard]] constexpr std::uint64_t protocol_word(std::uint8_t proto, Family family,
                                                    std::uint8_t icmp_type, std::uint8_t icmp_code,
                                                    std::uint16_t interface) noexcept {
    return std::uint64_t{proto} | static_cast<std::uint64_t>(family) << 8U |
           std::uint64_t{icmp_type} << 16U | std::uint64_t{icmp_code} << 24U |
           std::uint64_t{interface} << 32U;
}

// Completes a packet without IP, or with an invalid header: the length on the wire is charged.
// outcome: non_ip or malformed.
Outcome other(Work& work, Outcome outcome) noexcept;

// Decodes the IPv4 or IPv6 header at `at` and completes the packet. No such header: malformed.
Outcome ipv4(Work& work, std::size_t at) noexcept;
Outcome ipv6(Work& work, std::size_t at) noexcept;
// The same results, by the fast path for common packets.
Outcome any_ipv4(Work& work, std::size_t at) noexcept;
Outcome any_ipv6(Work& work, std::size_t at) noexcept;
// Whether this is the number of an IPv6 extension header that another header follows.
[[nodiscard]] bool is_extension(std::uint8_t proto) noexcept;
// The length in octets of an extension header with the given second octet.
[[nodiscard]] std::size_t extension_length(std::uint8_t proto, std::uint8_t units) noexcept;
// IPv4 or IPv6, by the version field.
Outcome ip_by_version(Work& work, std::size_t at) noexcept;

// IEEE 802 numbers (IANA "Ethertypes").
namespace ethertype {
inline constexpr std::uint16_t first = 0x0600;  // below: a length, and LLC follows (IEEE 802.3)
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t vlan = 0x8100;            // 802.1Q
inline constexpr std::uint16_t ipv6 = 0x86dd;            //
inline constexpr std::uint16_t mpls = 0x8847;            // RFC 3032
inline constexpr std::uint16_t mpls_multicast = 0x8848;  // RFC 5332
inline constexpr std::uint16_t pppoe_session = 0x8864;   // RFC 2516
inline constexpr std::uint16_t provider_vlan = 0x88a8;   // 802.1ad
inline constexpr std::uint16_t backbone = 0x88e7;        // 802.1ah I-TAG
inline constexpr std::uint16_t vn_tag = 0x8926;          // forerunner of 802.1BR
inline constexpr std::uint16_t qinq_9100 = 0x9100;       // QinQ before 802.1ad
inline constexpr std::uint16_t qinq_9200 = 0x9200;
inline constexpr std::uint16_t qinq_9300 = 0x9300;
}  // namespace ethertype

// The kind of header at a position of the frame. typed: whatever an ethertype names. done: the
// packet is complete.
enum class Layer : std::uint8_t { typed, llc, ethernet, ppp, pppoe, mpls, ip, done };

// Eight octets, so that it is passed in a register.
struct Position {
    std::uint32_t at = 0;    // offset in the frame; fits, because the number of steps is bounded
    std::uint16_t type = 0;  // for Layer::typed: the ethertype
    Layer layer = Layer::done;
};
[[nodiscard]] constexpr Position layer_at(Layer layer, std::size_t at,
                                          std::uint16_t type = 0) noexcept {
    return {static_cast<std::uint32_t>(at), type, layer};
}

// Skips headers from `position` on up to the IP header, and completes the packet.
Outcome unwrap(Work& work, Position position) noexcept;

// decode() without the fast path of decode_ethernet(). ip_at: offset of the IP header, if the
// outcome is ip.
Outcome decode_general(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
                       std::uint16_t interface) noexcept;
Outcome decode_general(LinkType link, ByteSpan captured, std::uint32_t wire_length, Packet& out,
                       std::size_t& ip_at) noexcept;

}  // namespace octroi::packet::detail
