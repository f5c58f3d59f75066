// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rules_state.hpp"

#include <gtest/gtest.h>

namespace octroi::accounting {
namespace {

TEST(RulesState, IsRestored) {
    cumulative::CumulativeCounters values;
    values.begin_reading(UtcTime{} + Duration::seconds(7));
    (void)values.advance("out-a", "boot/1", {100, 1});
    EXPECT_TRUE(values.end_reading().empty());
    const std::vector<RuleBooking> bookings{{"a", {"user alice", "", "free"}}};
    const std::vector<std::string> unused{"in-b", "out-b"};
    const std::string saved = save_state(values, bookings, unused);
    const auto state = restore_state(saved);
    ASSERT_TRUE(state.has_value()) << state.error().text;
    EXPECT_EQ(state->bookings, bookings);
    EXPECT_EQ(state->unused, unused);
    EXPECT_EQ(state->values.names(), std::vector<std::string>{"out-a"});
    EXPECT_EQ(state->values.current(), UtcTime{} + Duration::seconds(7));
    for (std::size_t octets = 0; octets < saved.size(); ++octets)
        EXPECT_FALSE(restore_state(saved.substr(0, octets)).has_value()) << octets;
    EXPECT_FALSE(restore_state(saved + "x").has_value());
    // The values alone.
    const auto before = restore_state(values.save());
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(before->values.size(), 1U);
}

}  // namespace
}  // namespace octroi::accounting
