// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names of the IANA registries, built in so that figures do not depend on /etc/services.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace octroi {

// IANA "Assigned Internet Protocol Numbers".
inline constexpr std::uint8_t proto_icmp = 1;
inline constexpr std::uint8_t proto_tcp = 6;
inline constexpr std::uint8_t proto_udp = 17;
inline constexpr std::uint8_t proto_dccp = 33;
inline constexpr std::uint8_t proto_icmpv6 = 58;
inline constexpr std::uint8_t proto_sctp = 132;
inline constexpr std::uint8_t proto_udplite = 136;

// The protocols with ports; port_protocol_index() is the index here.
inline constexpr std::array<std::uint8_t, 5> port_protocols = {proto_tcp, proto_udp, proto_dccp,
                                                               proto_sctp, proto_udplite};
// 0 to 4, or 5 for a protocol without ports.
[[nodiscard]] constexpr std::size_t port_protocol_index(std::uint8_t proto) noexcept {
    switch (proto) {
        case proto_tcp:
            return 0;
        case proto_udp:
            return 1;
        case proto_dccp:
            return 2;
        case proto_sctp:
            return 3;
        case proto_udplite:
            return 4;
        default:
            return 5;
    }
}

// The protocols for which a port has its name: bits by port_protocol_index().
inline constexpr std::uint8_t on_tcp = 1;
inline constexpr std::uint8_t on_udp = 2 | 16;  // and UDP-Lite (RFC 3828: the same numbers)
inline constexpr std::uint8_t on_both = on_tcp | on_udp;
inline constexpr std::uint8_t on_sctp = 8;

struct PortName {
    std::uint16_t port;
    std::uint8_t protocols;
    std::string_view name;
};
struct NumberName {
    std::uint8_t number;
    std::string_view name;
};

// Sorted by port. A port is there twice if its name depends on the protocol.
[[nodiscard]] std::span<const PortName> port_names() noexcept;
[[nodiscard]] std::span<const NumberName> protocol_names() noexcept;
[[nodiscard]] std::span<const NumberName> icmp_type_names() noexcept;
[[nodiscard]] std::span<const NumberName> icmpv6_type_names() noexcept;

[[nodiscard]] std::optional<std::uint8_t> number_of(std::span<const NumberName> names,
                                                    std::string_view name) noexcept;
// For any protocol: people write udp/https for QUIC.
[[nodiscard]] std::optional<std::uint16_t> port_of(std::string_view name) noexcept;

}  // namespace octroi
