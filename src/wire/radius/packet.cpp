// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/radius/packet.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/narrow.hpp"

namespace octroi::radius {
namespace {

constexpr std::uint8_t proxy_state = 33;
constexpr std::size_t authenticator_offset = 4;

std::string_view text_of(ByteSpan octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::optional<Authenticator> md5(std::string_view octets) {
    Authenticator digest{};
    unsigned length = 0;
    const bool made =
        EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &length, EVP_md5(), nullptr) == 1;
    if (!made || length != digest.size()) return std::nullopt;
    return digest;
}

// MD5(Code + Identifier + Length + `authenticator` + Attributes + secret).
std::optional<Authenticator> digest_of(std::string packet, const Authenticator& authenticator,
                                       std::string_view secret) {
    packet.replace(authenticator_offset, authenticator_octets, text_of(authenticator));
    packet += secret;
    return md5(packet);
}

// Signs a packet that has zeros in place of its authenticator.
std::string sign(std::string packet, const Authenticator& authenticator, std::string_view secret) {
    if (const auto digest = digest_of(packet, authenticator, secret))
        packet.replace(authenticator_offset, authenticator_octets, text_of(*digest));
    return packet;
}

std::string unsigned_packet(std::uint8_t code, std::uint8_t identifier,
                            std::string_view attributes) {
    ByteWriter out;
    out.u8(code);
    out.u8(identifier);
    out.be16(narrow<std::uint16_t>(header_octets + attributes.size()));
    out.raw(std::string(authenticator_octets, '\0'));
    out.raw(attributes);
    return out.drain();
}

bool are_attributes(ByteSpan attributes) {
    Attribute attribute;
    while (next_attribute(attributes, attribute)) {
    }
    return attributes.empty();
}

}  // namespace

bool next_attribute(ByteSpan& attributes, Attribute& attribute) {
    constexpr std::size_t attribute_header_octets = 2;
    ByteCursor in(attributes);
    std::uint8_t length = 0;
    if (!in.u8(attribute.type) || !in.u8(length) || length < attribute_header_octets ||
        !in.raw(length - attribute_header_octets, attribute.value))
        return false;
    attributes = in.rest();
    return true;
}

std::optional<Packet> decode_packet(ByteSpan datagram) {
    Packet packet;
    ByteCursor in(datagram);
    std::uint16_t length = 0;
    ByteSpan authenticator;
    if (!in.u8(packet.code) || !in.u8(packet.identifier) || !in.be16(length) ||
        !in.raw(authenticator_octets, authenticator) || length < header_octets ||
        length > packet_octets_max || length > datagram.size())
        return std::nullopt;
    std::ranges::copy(authenticator, packet.authenticator.begin());
    packet.octets = datagram.first(length);
    packet.attributes = packet.octets.subspan(header_octets);
    if (!are_attributes(packet.attributes)) return std::nullopt;
    return packet;
}

bool has_md5() { return md5("").has_value(); }

bool is_authentic(const Packet& request, std::string_view secret) {
    const auto digest = digest_of(std::string(text_of(request.octets)), Authenticator{}, secret);
    return digest && CRYPTO_memcmp(digest->data(), request.authenticator.data(),
                                   request.authenticator.size()) == 0;
}

std::string encode_response(const Packet& request, std::string_view secret) {
    std::string attributes;
    ByteSpan rest = request.attributes;
    for (ByteSpan before = rest; !rest.empty(); before = rest) {
        Attribute attribute;
        if (!next_attribute(rest, attribute)) break;
        if (attribute.type == proxy_state)
            attributes += text_of(before.first(before.size() - rest.size()));
    }
    return sign(unsigned_packet(accounting_response, request.identifier, attributes),
                request.authenticator, secret);
}

std::string encode_request(std::uint8_t identifier, std::string_view attributes,
                           std::string_view secret) {
    return sign(unsigned_packet(accounting_request, identifier, attributes), Authenticator{},
                secret);
}

}  // namespace octroi::radius
