// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// RADIUS packets and their attributes (RFC 2865 sections 3 and 5), and the authenticators of
// accounting (RFC 2866 section 3). Pure functions; spans refer to the datagram.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_cursor.hpp"

namespace octroi::radius {

inline constexpr std::size_t header_octets = 20;
inline constexpr std::size_t packet_octets_max = 4096;
inline constexpr std::size_t authenticator_octets = 16;
using Authenticator = std::array<std::byte, authenticator_octets>;

// Code (RFC 2866 section 3).
inline constexpr std::uint8_t accounting_request = 4;
inline constexpr std::uint8_t accounting_response = 5;

struct Packet {
    std::uint8_t code = 0;
    std::uint8_t identifier = 0;
    Authenticator authenticator{};
    ByteSpan octets;      // of the packet, without padding behind it
    ByteSpan attributes;  // each has a valid length
};

// nullopt: the datagram is shorter than the packet states, the packet is shorter than its header or
// longer than packet_octets_max, or the length of an attribute is wrong. Octets behind the packet
// are padding, as RFC 2865 has it.
[[nodiscard]] std::optional<Packet> decode_packet(ByteSpan datagram);

struct Attribute {
    std::uint8_t type = 0;
    ByteSpan value;  // 0 to 253 octets
};
// The next attribute of Packet::attributes. False: there is none.
[[nodiscard]] bool next_attribute(ByteSpan& attributes, Attribute& attribute);

// Whether libcrypto computes MD5 here. A build or mode without it (FIPS) cannot check any packet.
[[nodiscard]] bool has_md5();
// Whether the Request Authenticator of an Accounting-Request was made with the secret. It covers
// all octets of the packet.
[[nodiscard]] bool is_authentic(const Packet& request, std::string_view secret);
// The Accounting-Response to a request, with the Proxy-State attributes of the request (RFC 2865
// section 5.33).
[[nodiscard]] std::string encode_response(const Packet& request, std::string_view secret);
// An Accounting-Request with attributes in the form of the wire, at most packet_octets_max in all:
// for tests and clients.
[[nodiscard]] std::string encode_request(std::uint8_t identifier, std::string_view attributes,
                                         std::string_view secret);

}  // namespace octroi::radius
