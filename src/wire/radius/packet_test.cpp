// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/radius/packet.hpp"

#include <gtest/gtest.h>

#include "wire/radius/testing/request.hpp"

namespace octroi::radius {
namespace {

using testing::Attributes;

std::string octets_of_hex(std::string_view hex) {
    std::string octets;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        octets += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
    return octets;
}

TEST(RadiusPacket, IsDecodedWithoutPadding) {
    const std::string request = Attributes().number(40, 1).text(1, "alice").request(7, "secret");
    const std::string padded = request + std::string(9, '\0');
    const auto packet = decode_packet(as_octets(padded));
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->code, accounting_request);
    EXPECT_EQ(packet->identifier, 7);
    EXPECT_EQ(packet->octets.size(), request.size());
    EXPECT_TRUE(is_authentic(*packet, "secret"));
    EXPECT_FALSE(is_authentic(*packet, "secret2"));
}

// A request and the response to it, computed by hand with another implementation of MD5:
// printf '\x04\x09\x00\x1a<16 zeros>\x28\x06\x00\x00\x00\x01s3cret' | md5sum.
TEST(RadiusPacket, HasTheAuthenticatorsOfTheRfc) {
    const std::string request = octets_of_hex(
        "0409001a"
        "1ec285b2add5d2aa6c1a182d32bd0fb0"
        "280600000001");
    const auto packet = decode_packet(as_octets(request));
    ASSERT_TRUE(packet);
    EXPECT_TRUE(is_authentic(*packet, "s3cret"));
    EXPECT_EQ(encode_request(9, octets_of_hex("280600000001"), "s3cret"), request);
    EXPECT_EQ(encode_response(*packet, "s3cret"),
              octets_of_hex("05090014"
                            "acb5d62937f0bdd09dc4d454dba55733"));
}

TEST(RadiusPacket, OfAWrongLengthIsRefused) {
    const std::string request = Attributes().number(40, 1).text(1, "alice").request(7, "secret");
    for (std::size_t length = 0; length < request.size(); ++length)
        EXPECT_FALSE(decode_packet(as_octets(request.substr(0, length)))) << length;
    for (const char wrong : {'\0', '\1', '\x7f'}) {
        std::string changed = request;
        changed[header_octets + 1] = wrong;  // the length of the first attribute
        EXPECT_FALSE(decode_packet(as_octets(changed)));
    }
    std::string longer(packet_octets_max + 1, '\0');
    longer[2] = '\x10';
    longer[3] = '\x01';
    EXPECT_FALSE(decode_packet(as_octets(longer)));
}

TEST(RadiusPacket, EveryChangedOctetMakesTheAuthenticatorWrong) {
    const std::string request = Attributes().number(40, 1).text(1, "alice").request(7, "secret");
    for (std::size_t at = 0; at < request.size(); ++at) {
        std::string changed = request;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const auto packet = decode_packet(as_octets(changed));
        EXPECT_FALSE(packet && is_authentic(*packet, "secret")) << at;
    }
}

TEST(RadiusPacket, ResponseReturnsTheProxyState) {
    const std::string request =
        Attributes().text(33, "first").number(40, 1).text(33, "second").request(1, "secret");
    const auto packet = decode_packet(as_octets(request));
    ASSERT_TRUE(packet);
    const std::string response = encode_response(*packet, "secret");
    const auto decoded = decode_packet(as_octets(response));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->code, accounting_response);
    EXPECT_EQ(decoded->identifier, 1);
    EXPECT_EQ(response.substr(header_octets),
              "\x21\x07"
              "first"
              "\x21\x08"
              "second");
}

}  // namespace
}  // namespace octroi::radius
