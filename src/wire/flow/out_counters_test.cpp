// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/out_counters.hpp"

#include <gtest/gtest.h>

namespace octroi::flow {
namespace {

struct Counts {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

FlowRecord record(Counts in, Counts out) {
    FlowRecord r;
    r.src = Address::v4(0x0a000001);
    r.dst = Address::v4(0xc0000250);
    r.sport = 1;
    r.dport = 2;
    r.bytes = in.bytes;
    r.packets = in.packets;
    r.out_bytes = out.bytes;
    r.out_packets = out.packets;
    r.first = UtcTime::from_seconds(1);
    r.fields = bit(Field::bytes) | bit(Field::packets) | bit(Field::out_bytes) |
               bit(Field::out_packets) | bit(Field::src) | bit(Field::first);
    return r;
}

TEST(OutCounters, OfTheSameTrafficAreNotTheOtherDirection) {
    EXPECT_FALSE(out_is_reverse(record({5000, 5}, {5000, 5})));
    EXPECT_FALSE(out_is_reverse(record({5000, 5}, {0, 0})));
    EXPECT_FALSE(out_is_reverse(record({5000, 5}, {3000, 3})));            // a policer dropped two
    EXPECT_FALSE(out_is_reverse(record({150'000, 100}, {152'400, 100})));  // encapsulated
}

TEST(OutCounters, ThatCannotBeOfTheSameTrafficAre) {
    EXPECT_TRUE(out_is_reverse(record({2089, 9}, {320, 4})));
    EXPECT_TRUE(out_is_reverse(record({320, 4}, {2089, 9})));
    EXPECT_TRUE(out_is_reverse(record({0, 0}, {700, 5})));
    EXPECT_TRUE(out_is_reverse(record({500, 5}, {600, 6})));
    // Octets only.
    EXPECT_TRUE(out_is_reverse(record({500, 0}, {700, 0})));
    EXPECT_FALSE(out_is_reverse(record({500, 0}, {400, 0})));
}

TEST(OutCounters, WhatWasMeteredWhereItLeftIsForward) {
    FlowRecord r = record({0, 0}, {700, 5});
    r.fields |= bit(Field::direction);
    r.direction = 1;
    EXPECT_FALSE(out_is_reverse(r));
}

TEST(OutCounters, MulticastLeavesMoreThanOnce) {
    FlowRecord r = record({500, 5}, {1500, 15});
    r.dst = Address::v4(0xe8000001);
    EXPECT_FALSE(out_is_reverse(r));
}

TEST(OutCounters, TheOtherDirectionHasTheEndsExchanged) {
    const FlowRecord out = out_direction(record({2089, 9}, {320, 4}));
    EXPECT_EQ(out.src, Address::v4(0xc0000250));
    EXPECT_EQ(out.dst, Address::v4(0x0a000001));
    EXPECT_EQ(out.sport, 2);
    EXPECT_EQ(out.bytes, 320U);
    EXPECT_EQ(out.packets, 4U);
    EXPECT_EQ(out.out_bytes, 0U);
    EXPECT_TRUE(out.reverse);
    EXPECT_TRUE(out.has(Field::first));
    EXPECT_TRUE(out.has(Field::dst));
    EXPECT_EQ(out.first, UtcTime::from_seconds(1));
}

}  // namespace
}  // namespace octroi::flow
