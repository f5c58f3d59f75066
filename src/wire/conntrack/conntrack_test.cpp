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

Entry counted() {
    Entry e;
    e.connection = masqueraded();
    e.has_counts = true;
    e.original = {5'000'000'000, 4'000'000};
    e.reply = {70, 1};
    e.start = UtcTime{1'800'000'000'123'456'789};
    e.stop = UtcTime{1'800'000'060'000'000'001};
    e.zone = 9;
    e.mark = 0x00010002;
    e.status = 0x18e;
    e.timeout = 431'999;
    e.protocol_state = 3;
    return e;
}

TEST(Conntrack, DecodesCountersTimesAndZone) {
    const Entry sent = counted();
    Entry decoded;
    ASSERT_TRUE(decode_entry(as_octets(message_of(sent)), decoded));
    EXPECT_EQ(decoded.connection.original, sent.connection.original);
    EXPECT_EQ(decoded.connection.reply, sent.connection.reply);
    EXPECT_EQ(decoded.connection.id, 7U);
    EXPECT_TRUE(decoded.has_counts);
    EXPECT_EQ(decoded.original, sent.original);
    EXPECT_EQ(decoded.reply, sent.reply);
    EXPECT_EQ(decoded.start, sent.start);
    EXPECT_EQ(decoded.stop, sent.stop);
    EXPECT_EQ(decoded.zone, 9U);
    EXPECT_EQ(decoded.mark, sent.mark);
    EXPECT_EQ(decoded.status, sent.status);
    EXPECT_EQ(decoded.timeout, sent.timeout);
    EXPECT_EQ(decoded.protocol_state, 3U);
}

TEST(Conntrack, AConnectionWithoutCountersHasNone) {
    Entry sent = counted();
    sent.has_counts = false;
    sent.start = sent.stop = UtcTime::min();
    Entry decoded = counted();
    ASSERT_TRUE(decode_entry(as_octets(message_of(sent)), decoded));
    EXPECT_FALSE(decoded.has_counts);
    EXPECT_EQ(decoded.original, Count{});
    EXPECT_EQ(decoded.start, UtcTime::min());
    // One direction alone is not enough.
    const std::string half =
        message_of(sent) + testing::attribute(9, testing::count_of({10, 1}), true);
    ASSERT_TRUE(decode_entry(as_octets(half), decoded));
    EXPECT_FALSE(decoded.has_counts);
}

TEST(Conntrack, DecodesCountersOf32Bits) {
    using testing::attribute;
    Entry sent = counted();
    sent.has_counts = false;
    const std::string counts =
        attribute(3, testing::big32(3)) + attribute(4, testing::big32(4'000'000'000U));
    Entry decoded;
    ASSERT_TRUE(decode_entry(
        as_octets(message_of(sent) + attribute(9, counts, true) + attribute(10, counts, true)),
        decoded));
    EXPECT_TRUE(decoded.has_counts);
    EXPECT_EQ(decoded.reply, (Count{4'000'000'000U, 3}));
}

TEST(Conntrack, RefusesDamagedEntries) {
    const std::string whole = message_of(counted());
    Entry decoded;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x55);
        static_cast<void>(decode_entry(as_octets(changed), decoded));
        static_cast<void>(decode_entry(as_octets(whole.substr(0, at)), decoded));
    }
    const std::string wrong_size =
        message_of(masqueraded()) +
        testing::attribute(9, testing::attribute(1, testing::big16(1)), true);
    EXPECT_FALSE(decode_entry(as_octets(wrong_size), decoded));
}

}  // namespace
}  // namespace octroi::conntrack
