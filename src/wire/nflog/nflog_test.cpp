// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nflog/nflog.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "wire/nflog/testing/messages.hpp"

namespace octroi::nflog {
namespace {

using namespace testing;

LogMessage full() {
    LogMessage m;
    m.sequence = 77;
    m.time = UtcTime::from_seconds(1'800'000'000) + Duration{123'000};
    m.in_interface = 4;
    m.out_interface = 7;
    m.hook = Hook::forward;
    m.src_mac = {{2, 0, 0, 0, 0, 9}};
    return m;
}

// From a heap block of exactly that size, so that a sanitizer reports a read after the end.
bool decode_exact(std::string_view octets, LogMessage& out) {
    const auto copy = std::make_unique<std::byte[]>(octets.size());
    std::memcpy(copy.get(), octets.data(), octets.size());
    return decode({copy.get(), octets.size()}, out);
}

TEST(NflogMessage, StatesWhatTheKernelKnowsOfThePacket) {
    LogMessage found;
    ASSERT_TRUE(decode_exact(message_of(full(), "packet"), found));
    EXPECT_EQ(found.sequence, 77U);
    EXPECT_EQ(found.time, full().time);
    EXPECT_EQ(found.in_interface, 4U);
    EXPECT_EQ(found.out_interface, 7U);
    EXPECT_EQ(found.hook, Hook::forward);
    EXPECT_EQ(found.src_mac, full().src_mac);
    EXPECT_TRUE(found.dst_mac.empty());
}

TEST(NflogMessage, TheLinkHeaderHasBothAddresses) {
    const std::string ethernet{"\2\0\0\0\0\1\2\0\0\0\0\3\x08\0", 14};
    const std::string message =
        std::string{"\2\0\0\0", 4} + attribute(16, ethernet) + attribute(9, "p");
    LogMessage found;
    ASSERT_TRUE(decode_exact(message, found));
    EXPECT_EQ(found.dst_mac, (Mac{{2, 0, 0, 0, 0, 1}}));
    EXPECT_EQ(found.src_mac, (Mac{{2, 0, 0, 0, 0, 3}}));
}

TEST(NflogMessage, MissingFactsAreAbsent) {
    LogMessage found = full();
    ASSERT_TRUE(decode_exact(std::string{"\2\0\0\0", 4} + attribute(9, "p"), found));
    EXPECT_FALSE(found.sequence);
    EXPECT_FALSE(found.time);
    EXPECT_EQ(found.in_interface, 0U);
    EXPECT_TRUE(found.src_mac.empty());
    EXPECT_FALSE(decode_exact(std::string{"\2\0\0\0", 4} + attribute(12, number(1)), found))
        << "no packet";
}

TEST(NflogMessage, ATimeThatCannotBeIsNone) {
    ByteWriter time;
    time.be64(UINT64_MAX);
    time.be64(0);
    LogMessage found;
    ASSERT_TRUE(decode_exact(
        std::string{"\2\0\0\0", 4} + attribute(3, time.octets()) + attribute(9, "p"), found));
    EXPECT_FALSE(found.time);
}

TEST(NflogMessage, NothingBehindItsEndIsRead) {
    const std::string whole = message_of(full(), "packet");
    LogMessage found;
    for (std::size_t length = 0; length + 8 < whole.size(); ++length)
        EXPECT_FALSE(decode_exact(whole.substr(0, length), found)) << length;
    for (std::size_t at = 4; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = '\xff';
        (void)decode_exact(damaged, found);
    }
}

}  // namespace
}  // namespace octroi::nflog
