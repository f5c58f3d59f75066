// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_table.hpp"

#include <gtest/gtest.h>

#include "meter/conntrack/tracking_position.hpp"

namespace octroi::conntrack {
namespace {

constexpr UtcTime now = UtcTime::from_seconds(1'800'000'000);

PostedConnection posted_in(std::uint32_t listing) {
    PostedConnection posted;
    posted.original = {1, 2};
    posted.reply = {3, 4};
    posted.posted_until = now;
    posted.listing = listing;
    return posted;
}

TEST(ConnectionTable, DropsAConnectionThatTwoListingsDidNotContain) {
    ConnectionTable table({}, 10);
    table.begin_listing();
    ASSERT_NE(table.insert({1, 1}, posted_in(table.listing())), nullptr);
    EXPECT_EQ(table.end_listing(), 0U);
    table.begin_listing();
    EXPECT_EQ(table.end_listing(), 1U);
    EXPECT_NE(table.find({1, 1}), nullptr) << "one listing may miss it";
    table.begin_listing();
    EXPECT_EQ(table.end_listing(), 0U) << "it is reported once";
    EXPECT_EQ(table.find({1, 1}), nullptr);
}

TEST(ConnectionTable, IsBounded) {
    ConnectionTable table({}, 2);
    for (std::uint64_t i = 1; i <= 3; ++i)
        EXPECT_EQ(table.insert({i, i}, posted_in(0)) != nullptr, i <= 2);
    EXPECT_EQ(table.size(), 2U);
}

TEST(ConnectionTable, AKeyDependsOnEachPartOfAConnection) {
    const ConnectionTable table({}, 2);
    Entry entry;
    entry.connection.original = {Address::v4(1U), Address::v4(2U), 3, 4, 6};
    const ConnectionKey key = table.key_of(entry);
    EXPECT_EQ(table.key_of(entry), key);
    for (int part = 0; part < 7; ++part) {
        Entry other = entry;
        if (part == 0) other.connection.original.src = Address::v4(9U);
        if (part == 1) other.connection.original.dport = 9;
        if (part == 2) other.connection.original.proto = 17;
        if (part == 3) other.connection.id = 9;
        if (part == 4) other.zone = 9;
        if (part == 5) other.original_zone = 9;
        if (part == 6) other.reply_zone = 9;
        EXPECT_NE(table.key_of(other), key) << part;
    }
    EXPECT_NE(ConnectionTable({1}, 2).key_of(entry), key) << "the secret";
}

TEST(ConnectionTable, DamagedStatesAreRefused) {
    ConnectionTable table({7}, 10);
    table.begin_listing();
    ASSERT_NE(table.insert({1, 2}, posted_in(1)), nullptr);
    TrackingPosition position;
    position.time = now;
    position.posted = {{10, 1}, {}};
    position.recorded = {5, 1};
    position.listed = now + Duration::seconds(3);
    position.has_refused_old = true;
    const std::string good = save("boot/1", position, table);
    const auto restored = restore_state(good, 10);
    ASSERT_TRUE(restored.has_value()) << restored.error().text;
    EXPECT_EQ(restored->generation, "boot/1");
    EXPECT_EQ(restored->position.posted, position.posted);
    EXPECT_EQ(restored->position.recorded, position.recorded);
    EXPECT_EQ(restored->position.listed, position.listed);
    EXPECT_TRUE(restored->position.has_refused_old && !restored->position.has_refused);
    EXPECT_EQ(save("boot/1", restored->position, restored->table), good);
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(restore_state(good.substr(0, length), 10)) << length;
    EXPECT_FALSE(restore_state(good + '\0', 10));
}

// Before losses were recorded later than at the next listing.
TEST(ConnectionTable, ReadsAStateOfAnEarlierVersion) {
    ConnectionTable table({7}, 10);
    ASSERT_NE(table.insert({1, 2}, posted_in(1)), nullptr);
    ByteWriter old;
    old.be32(0x6f637333);
    old.text("boot/1");
    for (const UtcTime time : {now, now + Duration{-5}})
        old.be64(static_cast<std::uint64_t>(time.ns));
    for (std::uint64_t number = 1; number <= 4; ++number) old.be64(number);
    old.u8(1);
    TrafficTotals().save(old);
    std::string state = old.drain();
    table.append_to(state);
    const auto restored = restore_state(state, 10);
    ASSERT_TRUE(restored.has_value()) << restored.error().text;
    EXPECT_EQ(restored->position.time, now);
    EXPECT_EQ(restored->position.listed, now);
    EXPECT_EQ(restored->position.posted, (PostedVolume{{1, 2}, {3, 4}}));
    EXPECT_EQ(restored->position.recorded, Count{});
    EXPECT_TRUE(restored->position.has_refused);
    EXPECT_EQ(restored->table.size(), 1U);
}

TEST(ConnectionTable, ReadsItsCursor) {
    const auto name = decode_state_name(encode({"state-conntrack-7.0f", now}));
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->file, "state-conntrack-7.0f");
    EXPECT_EQ(name->written, now);
    for (const char* const other : {"", "1 ", "2 5 state", "1 x state", "1 5", "1 5 "})
        EXPECT_FALSE(decode_state_name(other)) << other;
}

}  // namespace
}  // namespace octroi::conntrack
