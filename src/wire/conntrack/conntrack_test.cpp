// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/conntrack.hpp"

#include <gtest/gtest.h>

#include "wire/conntrack/testing/messages.hpp"

namespace octroi::conntrack {
namespace {

using testing::message_of;

Connection masqueraded() {
    Connection c;
    c.original = {Address::v4(0x0a000002U), Address::v4(0xc6336401U), 40'000, 443, 6};
    c.reply = {Address::v4(0xc6336401U), Address::v4(0xcb007102U), 443, 50'000, 6};
    c.id = 7;
    return c;
}

TEST(Conntrack, DecodesBothTuples) {
    Connection decoded;
    const std::string message = message_of(masqueraded());
    ASSERT_TRUE(decode(as_octets(message), decoded));
    EXPECT_EQ(decoded.original, masqueraded().original);
    EXPECT_EQ(decoded.reply, masqueraded().reply);
    EXPECT_EQ(decoded.id, 7U);
    EXPECT_TRUE(decoded.is_translated());
}

TEST(Conntrack, DecodesIdentifierAndTypeOfIcmp) {
    Connection ping;
    const Address a = *parse_address("2001:db8::1");
    const Address b = *parse_address("2001:db8::2");
    ping.original = {a, b, 77, 77, 58, 128, 0};
    ping.reply = {b, a, 77, 77, 58, 129, 0};
    Connection decoded;
    ASSERT_TRUE(decode(as_octets(message_of(ping)), decoded));
    EXPECT_EQ(decoded.original, ping.original);
    EXPECT_EQ(decoded.reply, ping.reply);
    EXPECT_FALSE(decoded.is_translated());
}

// Whatever is cut off or changed: no octet outside is read, and a cut tuple is no connection.
TEST(Conntrack, RefusesDamagedMessages) {
    const std::string whole = message_of(masqueraded());
    Connection decoded;
    for (std::size_t length = 0; length + 12 < whole.size(); ++length) {
        const std::string cut = whole.substr(0, length);
        EXPECT_FALSE(decode(as_octets(cut), decoded)) << length;
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x55);
        static_cast<void>(decode(as_octets(changed), decoded));
    }
    Connection mixed = masqueraded();
    mixed.reply.proto = 17;
    EXPECT_FALSE(decode(as_octets(message_of(mixed)), decoded));
}

}  // namespace
}  // namespace octroi::conntrack
