// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/unread_counts.hpp"

#include <gtest/gtest.h>

namespace octroi::ipfix {
namespace {

std::string unread(std::vector<TemplateField> fields) {
    Template definition;
    definition.id = 300;
    definition.fields = std::move(fields);
    return unread_counts(definition, compile(definition));
}

constexpr TemplateField src{0, 8, 4};
constexpr TemplateField dst{0, 12, 4};
constexpr TemplateField private_octets{9, 12345, 8};
constexpr TemplateField private_packets{9, 12346, 4};

TEST(UnreadCounts, NamesPrivateElementsThatMayBeCounts) {
    EXPECT_EQ(unread({src, dst, private_octets, private_packets}), "300: 9/12345, 9/12346");
    EXPECT_EQ(unread({src, dst, private_octets, {9, 1, variable_length}, {9, 2, 16}}),
              "300: 9/12345")
        << "texts and addresses are no counts";
}

TEST(UnreadCounts, AreNoneWhereCountsAreKnown) {
    EXPECT_EQ(unread({src, dst, private_octets, {0, 1, 4}}), "");
    EXPECT_EQ(unread({src, dst, private_octets, {0, 2, 4}}), "");
    EXPECT_EQ(unread({src, dst, private_octets, {0, 352, 8}}), "") << "octets of layer 2";
    EXPECT_EQ(unread({src, dst, private_octets, {0, 315, variable_length}}), "") << "sampled";
    EXPECT_EQ(unread({src, dst, {29305, 1, 8}}), "") << "the reverse direction (RFC 5103)";
}

TEST(UnreadCounts, AreNoneInEvents) {
    EXPECT_EQ(unread({src, dst, private_octets, {0, 230, 1}}), "") << "NAT";
    EXPECT_EQ(unread({src, dst, private_octets, {0, 233, 1}}), "") << "a firewall";
    EXPECT_EQ(unread({{0, 10, 4}, private_octets}), "") << "no traffic between two ends";
    EXPECT_EQ(unread({src, dst, {0, 7, 2}}), "") << "no private element";
}

TEST(UnreadCounts, ListsAFewElements) {
    std::vector<TemplateField> fields{src, dst};
    for (std::uint16_t id = 1; id <= 100; ++id) fields.push_back({9999, id, 4});
    EXPECT_EQ(unread(fields),
              "300: 9999/1, 9999/2, 9999/3, 9999/4, 9999/5, 9999/6, 9999/7, 9999/8, ...");
}

}  // namespace
}  // namespace octroi::ipfix
