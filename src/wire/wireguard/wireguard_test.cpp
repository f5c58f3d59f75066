// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/wireguard/wireguard.hpp"

#include <gtest/gtest.h>

#include "wire/wireguard/testing/messages.hpp"

namespace octroi::wireguard {
namespace {

using testing::device_message;

TEST(WireguardMessages, PeersHaveTheirKeysAndCounts) {
    const std::string message =
        device_message(7, {{.key = 'a', .received = 1000, .sent = 5}, {.key = 'b', .sent = 1}});
    const auto device = decode_device(as_octets(message));
    ASSERT_TRUE(device.has_value());
    EXPECT_EQ(device->index, 7U);
    ASSERT_EQ(device->peers.size(), 2U);
    EXPECT_EQ(device->peers[0].received, 1000U);
    EXPECT_EQ(device->peers[0].sent, 5U);
    EXPECT_EQ(device->peers[1].received, 0U);
    EXPECT_EQ(key_text(device->peers[0].key), "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=");
}

TEST(WireguardMessages, TheRestOfAListOfAddressesHasNoCounts) {
    const std::string message =
        device_message(std::nullopt, {{.key = 'a', .continues = true}, {.key = 'b', .sent = 4}});
    const auto device = decode_device(as_octets(message));
    ASSERT_TRUE(device.has_value());
    EXPECT_EQ(device->index, 0U);
    EXPECT_FALSE(device->peers[0].received.has_value());
    EXPECT_FALSE(device->peers[0].sent.has_value());
    EXPECT_EQ(device->peers[1].sent, 4U);
}

TEST(WireguardMessages, PeersHaveTheAddressesThatTheyMayUse) {
    const std::string message = device_message(
        7, {{.key = 'a', .allowed = {"10.0.0.0/24", "2001:db8::/64"}}, {.key = 'b'}});
    const auto device = decode_device(as_octets(message));
    ASSERT_TRUE(device.has_value());
    ASSERT_EQ(device->peers.size(), 2U);
    EXPECT_EQ(device->peers[0].allowed,
              (std::vector<Prefix>{*parse_prefix("10.0.0.0/24"), *parse_prefix("2001:db8::/64")}));
    EXPECT_TRUE(device->peers[1].allowed.empty());
}

TEST(WireguardMessages, AddressesThatAreNotWholeAreLeftOut) {
    using testing::attribute;
    using testing::native;
    const std::string key = attribute(1, std::string(32, 'a'));
    const auto allowed_of = [&](const std::string& entry) {
        const std::string message =
            std::string("\0\1\0\0", 4) +
            attribute(8, attribute(0, key + attribute(9, attribute(0, entry))));
        return decode_device(as_octets(message)).value().peers.at(0).allowed.size();
    };
    const std::string address = attribute(2, std::string("\x0a\0\0\1", 4));
    EXPECT_EQ(allowed_of(address + attribute(3, native(std::uint8_t{32}))), 1U);
    EXPECT_EQ(allowed_of(address + attribute(3, native(std::uint8_t{33}))), 0U);
    EXPECT_EQ(allowed_of(address), 0U);
    EXPECT_EQ(allowed_of(attribute(2, "abc") + attribute(3, native(std::uint8_t{1}))), 0U);
    EXPECT_EQ(
        allowed_of(attribute(2, std::string(17, 'x')) + attribute(3, native(std::uint8_t{1}))), 0U);
}

TEST(WireguardMessages, CutOnesGiveNothingAndDoNotReadBeyond) {
    const std::string good = device_message(7, {{.key = 'a', .received = 1000, .sent = 5}});
    for (std::size_t size = 0; size < good.size(); ++size) {
        const std::string cut = good.substr(0, size);  // memory of its own: sanitizers see the end
        const auto device = decode_device(as_octets(cut));
        if (device) {
            EXPECT_TRUE(device->peers.empty()) << size;
        }
    }
}

TEST(WireguardMessages, LengthsThatContradictTheOctetsAreRefused) {
    using testing::attribute;
    const std::string genl("\0\1\0\0", 4);
    const auto refused = [&](const std::string& peer) {
        const std::string message = genl + attribute(8, attribute(0, peer));
        return !decode_device(as_octets(message)).has_value();
    };
    EXPECT_TRUE(refused(attribute(7, testing::native(std::uint64_t{1})))) << "no key";
    EXPECT_TRUE(refused(attribute(1, std::string(31, 'a')))) << "a short key";
    const std::string key = attribute(1, std::string(32, 'a'));
    EXPECT_FALSE(refused(key));
    EXPECT_TRUE(refused(key + attribute(7, testing::native(std::uint32_t{1})))) << "32 bits";
    EXPECT_TRUE(refused(key + std::string("\3\0\7\0", 4))) << "shorter than its header";
}

// RFC 4648; the last character has two bits that are not used.
TEST(WireguardKey, IsBase64) {
    std::array<std::byte, key_octets> key{};
    EXPECT_EQ(key_text(key), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    key.fill(std::byte{0xff});
    EXPECT_EQ(key_text(key), "//////////////////////////////////////////8=");
}

}  // namespace
}  // namespace octroi::wireguard
