// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nftables/nftables.hpp"

#include <gtest/gtest.h>

#include "wire/nftables/testing/messages.hpp"

namespace octroi::nftables {
namespace {

ByteSpan span_of(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(NftMessages, AreDecoded) {
    const auto counter = decode_counter(span_of(
        testing::counter_message({"octroi_t", "out-a", 7, std::uint64_t{1} << 40U, 12, 3})));
    ASSERT_TRUE(counter.has_value());
    EXPECT_EQ(counter->item.family, 1);
    EXPECT_EQ(counter->item.table, "octroi_t");
    EXPECT_EQ(counter->item.name, "out-a");
    EXPECT_EQ(counter->item.handle, 7U);
    EXPECT_EQ(counter->bytes, std::uint64_t{1} << 40U);
    EXPECT_EQ(counter->packets, 12U);
    EXPECT_EQ(counter->users, 3U);
    const auto table = decode_table(span_of(testing::table_message("octroi_t", 9)));
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->table, "octroi_t");
    EXPECT_EQ(table->name, "octroi_t");
    EXPECT_EQ(table->handle, 9U);
    EXPECT_EQ(decode_chain(span_of(testing::named_message("t", "c", true)))->name, "c");
    EXPECT_EQ(decode_set(span_of(testing::named_message("t", "m", false)))->name, "m");
}

TEST(NftMessages, StateOfATableAndTheMapsOfARule) {
    EXPECT_FALSE(decode_table(span_of(testing::table_message("t", 9)))->is_dormant);
    EXPECT_TRUE(decode_table(span_of(testing::table_message("t", 9, true)))->is_dormant);
    const std::string rule = testing::rule_message("t", "c", "m1");
    EXPECT_EQ(decode_rule(span_of(rule))->name, "c");
    EXPECT_EQ(decode_rule_maps(span_of(rule)), std::vector<std::string>{"m1"});
    EXPECT_TRUE(decode_rule_maps(span_of(testing::rule_message("t", "c", ""))).empty());
    for (std::size_t octets = 0; octets < rule.size(); ++octets)
        EXPECT_TRUE(decode_rule_maps(span_of(rule.substr(0, octets))).empty()) << octets;
}

TEST(NftMessages, OtherObjectsAreNoCounters) {
    constexpr std::uint32_t quota = 2;  // NFT_OBJECT_QUOTA
    EXPECT_FALSE(decode_counter(
                     span_of(testing::counter_message({.table = "t", .name = "q", .type = quota})))
                     .has_value());
}

// A message cut anywhere gives nothing, or an item without its last attributes.
TEST(NftMessages, CutOnesDoNotReadBeyond) {
    const std::string whole = testing::counter_message({"octroi_t", "out-a", 7, 5, 4, 3});
    for (std::size_t octets = 0; octets < whole.size(); ++octets) {
        const std::string cut = whole.substr(0, octets);
        const auto counter = decode_counter(span_of(cut));
        EXPECT_EQ(counter ? counter->item.name : "out-a", "out-a") << octets;
    }
    std::string lying = whole;
    lying[4] = '\x7f';  // the length of the first attribute
    EXPECT_FALSE(decode_counter(span_of(lying)).has_value());
}

}  // namespace
}  // namespace octroi::nftables
