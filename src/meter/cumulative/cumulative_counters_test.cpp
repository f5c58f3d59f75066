// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/cumulative/cumulative_counters.hpp"

#include <gtest/gtest.h>

#include "meter/cumulative/possible_increase.hpp"

namespace octroi::cumulative {
namespace {

constexpr UtcTime start = UtcTime::from_seconds(1'800'000'000);

// Reads counters as a meter does: all of them, each with one value.
struct Reader {
    CumulativeCounters counters;
    int seconds = 0;

    void begin() { counters.begin_reading(start + Duration::seconds(10 * seconds++)); }
    Increase read(std::string_view name, std::string_view generation, std::uint64_t bytes,
                  std::uint64_t packets, unsigned bits = 64) {
        return counters.advance(name, generation, {bytes, packets}, bits);
    }
    void restart() {
        auto restored = CumulativeCounters::restore(counters.save());
        ASSERT_TRUE(restored.has_value()) << restored.error().text;
        counters = std::move(*restored);
    }
};

TEST(CumulativeCounters, TheFirstReadingOfAMeterIsWhereItBegins) {
    Reader r;
    r.begin();
    const Increase first = r.read("eth0", "boot 1", 5000, 50);
    EXPECT_EQ(first.change, Change::first);
    EXPECT_EQ(first.by, CounterValues{});
    EXPECT_TRUE(r.counters.end_reading().empty());
    r.begin();
    EXPECT_EQ(r.counters.previous(), start);
    EXPECT_EQ(r.read("eth0", "boot 1", 5700, 57).by, (CounterValues{700, 7}));
    const Increase later = r.read("eth1", "boot 1", 300, 3);
    EXPECT_EQ(later.change, Change::begun) << "it appeared after the first reading";
    EXPECT_EQ(later.by, (CounterValues{300, 3}));
    EXPECT_FALSE(later.has_loss);
}

TEST(CumulativeCounters, AnotherGenerationCountsFromZeroAndItsEndIsALoss) {
    Reader r;
    r.begin();
    (void)r.read("eth0", "boot 1", 5000, 50);
    r.begin();
    const Increase begun = r.read("eth0", "boot 2", 5100, 51);
    EXPECT_EQ(begun.change, Change::begun) << "although the value is larger";
    EXPECT_EQ(begun.by, (CounterValues{5100, 51}));
    EXPECT_TRUE(begun.has_loss);
}

TEST(CumulativeCounters, ASmallerValueIsARestart) {
    Reader r;
    r.begin();
    (void)r.read("rule", "1", 5000, 50);
    r.begin();
    const Increase restarted = r.read("rule", "1", 40, 51);
    EXPECT_EQ(restarted.change, Change::restarted) << "one figure is enough";
    EXPECT_EQ(restarted.by, (CounterValues{40, 51}));
    EXPECT_TRUE(restarted.has_loss);
}

TEST(CumulativeCounters, CountersOf32BitsWrapIfThatIsTheSmallerStep) {
    Reader r;
    r.begin();
    (void)r.read("old", "1", 4'294'967'000, 10, 32);
    (void)r.read("reset", "1", 3'000, 10, 32);
    (void)r.read("wide", "1", 4'294'967'000, 10, 64);
    r.begin();
    EXPECT_EQ(r.read("old", "1", 704, 15, 32).by, (CounterValues{1000, 5}));
    EXPECT_EQ(r.read("reset", "1", 700, 15, 32).change, Change::restarted);
    EXPECT_EQ(r.read("wide", "1", 704, 15, 64).change, Change::restarted);
}

TEST(CumulativeCounters, ACounterThatIsNotReadAnyMoreIsDroppedAndNamed) {
    Reader r;
    r.begin();
    (void)r.read("a", "1", 10, 1);
    (void)r.read("b", "1", 10, 1);
    r.begin();
    (void)r.read("a", "1", 20, 2);
    EXPECT_EQ(r.counters.end_reading(), std::vector<std::string>{"b"});
    EXPECT_EQ(r.counters.size(), 1U);
    r.begin();
    EXPECT_EQ(r.read("b", "1", 5, 1).change, Change::begun);
}

TEST(CumulativeCounters, ARestartGoesOnWhereTheSavedStateEnds) {
    Reader r;
    r.begin();
    (void)r.read("eth0", "boot 1", 5000, 50);
    r.begin();
    (void)r.read("eth0", "boot 1", 6000, 60);
    r.restart();
    r.begin();
    EXPECT_EQ(r.counters.previous(), start + Duration::seconds(10));
    EXPECT_EQ(r.read("eth0", "boot 1", 6300, 63).by, (CounterValues{300, 3}));
    EXPECT_EQ(r.read("eth1", "boot 1", 7, 1).change, Change::begun) << "created meanwhile";
}

TEST(CumulativeCounters, AnIncreaseIsBoundedByTheLink) {
    constexpr std::uint64_t gigabit = 1'000'000'000;
    const Duration ten = Duration::seconds(10);
    EXPECT_TRUE(is_possible({1'375'000'000, 1'000'000}, ten, gigabit)) << "eleven seconds";
    EXPECT_FALSE(is_possible({1'375'000'001, 1'000'000}, ten, gigabit));
    EXPECT_FALSE(is_possible({1000, 17'000'000}, ten, gigabit)) << "packets have a length";
    EXPECT_FALSE(is_possible({UINT64_MAX, UINT64_MAX}, Duration::hours(24), gigabit));
    EXPECT_TRUE(is_possible({}, Duration{-5'000'000'000}, gigabit)) << "a clock that was set back";
}

TEST(CumulativeCounters, DamagedStatesAreRefused) {
    Reader r;
    r.begin();
    (void)r.read("eth0", "boot 1", 5000, 50);
    const std::string good = r.counters.save();
    EXPECT_TRUE(CumulativeCounters::restore(good));
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(CumulativeCounters::restore(good.substr(0, length))) << length;
    EXPECT_FALSE(CumulativeCounters::restore(good + '\0'));
}

}  // namespace
}  // namespace octroi::cumulative
