// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_state.hpp"

#include <gtest/gtest.h>

#include "meter/counters/counter_wrap.hpp"

namespace octroi::counters {
namespace {

TEST(CounterWrap, OnlyOneFigureFallsAndTheyFitTogether) {
    constexpr std::uint64_t turn = std::uint64_t{1} << 32U;
    const auto wraps = [](const cumulative::CounterValues& before,
                          const cumulative::CounterValues& now) {
        return wrapped_increase(before, now);
    };
    EXPECT_EQ(wraps({turn - 100, 5}, {100, 6}), (cumulative::CounterValues{200, 1}));
    EXPECT_EQ(wraps({7'000'000'000, turn - 2}, {7'000'000'400, 2}),
              (cumulative::CounterValues{400, 4}));
    EXPECT_FALSE(wraps({turn - 100, 5}, {100, 1})) << "both fell: a reset";
    EXPECT_FALSE(wraps({turn / 2 - 1, 5}, {100, 6})) << "far from the end";
    EXPECT_FALSE(wraps({turn + 100, 5}, {100, 6})) << "more than 32 bits";
    EXPECT_FALSE(wraps({turn - 100, 5}, {100, 5'000})) << "octets that the packets do not have";
    EXPECT_FALSE(wraps({turn - 100, 5}, {100'000'000, 6})) << "a packet of 100 MB";
}

TEST(CounterState, DamagedStatesAreRefused) {
    CounterState state;
    state.counters.begin_reading(UtcTime::from_seconds(5));
    (void)state.counters.advance("a", "1", {1, 2});
    state.parts = {"part"};
    state.boot = "boot 1";
    state.space = "netns 1";
    state.remember({"b", "1", {3, 4}});
    state.labels["a"] = "eth0 in";
    state.pending.push_back({{.bytes = 7}, NameKind::interface, "eth0"});
    const std::string saved = state.save();
    ASSERT_TRUE(CounterState::restore(saved).has_value());
    EXPECT_EQ(CounterState::restore(saved)->pending.front().identity, "eth0");
    EXPECT_EQ(CounterState::restore(saved)->drop_gone("b")->values,
              (cumulative::CounterValues{3, 4}));
    for (std::size_t size = 0; size < saved.size(); ++size)
        EXPECT_FALSE(CounterState::restore(saved.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(CounterState::restore(saved + '\0').has_value());
}

}  // namespace
}  // namespace octroi::counters
