// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_filter.hpp"

#include <gtest/gtest.h>

#include <array>

namespace octroi::conntrack {
namespace {

using Texts = std::vector<std::string>;

ConnectionFilter filter_of(const Texts& zones, const Texts& marks) {
    auto made = ConnectionFilter::make(zones, marks);
    EXPECT_TRUE(made.has_value());
    return made ? *std::move(made) : ConnectionFilter();
}

Entry in_zone(std::uint16_t zone, std::uint32_t mark = 0) {
    Entry entry;
    entry.zone = zone;
    entry.mark = mark;
    return entry;
}

TEST(ConnectionFilter, WithoutOptionsAllConnectionsCount) {
    EXPECT_TRUE(ConnectionFilter().matches(in_zone(0)));
    EXPECT_TRUE(ConnectionFilter().matches(in_zone(9, 7)));
}

TEST(ConnectionFilter, ChoosesByZone) {
    const ConnectionFilter filter = filter_of({"9", "0x7", "0"}, {});
    EXPECT_TRUE(filter.matches(in_zone(0)));
    EXPECT_TRUE(filter.matches(in_zone(7)));
    EXPECT_TRUE(filter.matches(in_zone(9, 12)));
    EXPECT_FALSE(filter.matches(in_zone(8)));
    // A zone of one direction is the zone of the connection.
    Entry entry;
    entry.original_zone = 8;
    entry.reply_zone = 7;
    EXPECT_EQ(zone_of(entry), 8);
    EXPECT_FALSE(filter.matches(entry));
    entry.original_zone = 0;
    EXPECT_TRUE(filter.matches(entry));
}

TEST(ConnectionFilter, ChoosesByMarkAndMask) {
    const ConnectionFilter filter = filter_of({}, {"5", "0x10/0xf0"});
    EXPECT_TRUE(filter.matches(in_zone(3, 5)));
    EXPECT_TRUE(filter.matches(in_zone(0, 0xabc'0010U + 3)));
    EXPECT_FALSE(filter.matches(in_zone(0, 0x20)));
    EXPECT_FALSE(filter.matches(in_zone(0, 0)));
    const ConnectionFilter both = filter_of({"3"}, {"0/1"});
    EXPECT_TRUE(both.matches(in_zone(3, 4)));
    EXPECT_FALSE(both.matches(in_zone(3, 5)));
    EXPECT_FALSE(both.matches(in_zone(4, 4)));
}

TEST(ConnectionFilter, SaysWhatIsWrong) {
    for (const char* const text : {"", "-1", "65536", "0x", "lan", "1 ", "1-2"})
        EXPECT_FALSE(parse_zone(text).has_value()) << text;
    for (const char* const text : {"", "0x100000000", "5/", "/5", "a", "1/2/3"})
        EXPECT_FALSE(parse_mark(text).has_value()) << text;
    const auto outside = parse_mark("0x11/0xf0");
    ASSERT_FALSE(outside.has_value());
    EXPECT_NE(outside.error().text.find("no mark matches '0x11/0xf0'"), std::string::npos);
    EXPECT_EQ(parse_mark("16").value(), (MarkMatch{16, UINT32_MAX}));
    EXPECT_EQ(parse_mark("0x10/0xF0").value(), (MarkMatch{16, 0xf0}));
}

TEST(ConnectionFilter, KnowsWhetherTwoShareAConnection) {
    struct Case {
        ConnectionFilter one;
        ConnectionFilter other;
        bool is_disjoint;
    };
    const std::array cases{
        Case{filter_of({}, {}), filter_of({"1"}, {"1"}), false},
        Case{filter_of({"1", "2"}, {}), filter_of({"3"}, {}), true},
        Case{filter_of({"1", "2"}, {}), filter_of({"2", "3"}, {}), false},
        Case{filter_of({"1"}, {}), filter_of({}, {"5"}), false},
        Case{filter_of({}, {"0x10/0xf0"}), filter_of({}, {"0x20/0xf0"}), true},
        Case{filter_of({}, {"0x10/0xf0"}), filter_of({}, {"0x1/0xf"}), false},
        Case{filter_of({}, {"0x10/0xf0", "3"}), filter_of({}, {"3/0xff"}), false},
        Case{filter_of({"1"}, {"5"}), filter_of({"1"}, {"6"}), true},
    };
    for (const Case& each : cases) {
        EXPECT_EQ(each.one.is_disjoint(each.other), each.is_disjoint) << &each - cases.data();
        EXPECT_EQ(each.other.is_disjoint(each.one), each.is_disjoint) << &each - cases.data();
    }
}

}  // namespace
}  // namespace octroi::conntrack
