// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metering.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "ledger/rules.hpp"

namespace octroi {
namespace {

class FixedClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return UtcTime::from_seconds(1'700'000'000); }
    [[nodiscard]] Duration uptime() const override { return {}; }
};

// Hands over the volumes with each pull.
class CounterMeter final : public Meter {
public:
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        for (const CountedVolume& volume : volumes) observed_.add(volume);
        sink.accept_counted(volumes);
        return Pull::more;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override {
        return Checkpoint{
            .cursors = {{"counters", "1", 1, {}}}, .losses = losses, .observed = observed_.drain()};
    }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

    NameTable& table() { return names_; }
    std::vector<CountedVolume> volumes;
    std::vector<Loss> losses;

private:
    NameTable names_{1, 4};
    ObservedVolume observed_;
};

class MeteringTest : public ::testing::Test {
protected:
    [[nodiscard]] CountedVolume volume(std::uint64_t bytes) const {
        return {.first = clock_.now(), .last = clock_.now(), .bytes = bytes, .packets = 1};
    }
    [[nodiscard]] std::uint64_t count(std::string_view name) const {
        for (const CounterValue& value : metering_.counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
    FixedClock clock_;
    CounterMeter meter_;
    Metering metering_{
        {"m", "tally", MeterRole::bill},
        meter_,
        {std::make_shared<const CompiledDirectory>(), std::make_shared<const CompiledClasses>(),
         std::make_shared<const CompiledServices>()},
        clock_};
};

TEST_F(MeteringTest, ImpossibleVolumesAreALossAndNotObserved) {
    meter_.volumes = {volume(10), volume(UINT64_MAX), volume(std::uint64_t{1} << 63U), volume(5)};
    ASSERT_TRUE(metering_.pull({}).has_value());
    const auto batch = metering_.make_batch();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->observed, (Volume{Bytes(15), Packets(2), Flows(0)}));
    ASSERT_EQ(batch->losses.size(), 1U);
    const Interval at{clock_.now(), clock_.now() + Duration{1}};
    EXPECT_EQ(batch->losses[0], (Loss{"counters", LossReason::corrupt, at, 2, std::nullopt}));
    meter_.volumes = {volume(1)};
    ASSERT_TRUE(metering_.pull({}).has_value());
    EXPECT_TRUE(metering_.make_batch()->losses.empty()) << "reported once";
}

TEST_F(MeteringTest, ALossWithAnImpossibleNumberIsOneOfUnknownSize) {
    const Interval at{clock_.now(), clock_.now() + Duration{1}};
    const auto loss = [&](std::optional<std::uint64_t> packets,
                          std::optional<std::uint64_t> bytes) {
        return Loss{"file", LossReason::kernel_drop, at, packets, bytes};
    };
    meter_.losses = {loss(record_volume_max, long_record_volume_max),
                     loss(record_volume_max + 1, 5), loss(3, UINT64_MAX), loss({}, {})};
    const auto batch = metering_.make_batch();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->losses,
              (std::vector{meter_.losses[0], loss({}, 5), loss(3, {}), loss({}, {})}));
    EXPECT_FALSE(find_violation(*batch).has_value());
}

TEST_F(MeteringTest, AFileNameWithControlCharactersIsASourceOfLosses) {
    meter_.losses = {{"a\nb\x1b[2J\x7f", LossReason::truncated, {}, {}, {}}};
    const auto batch = metering_.make_batch();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->losses[0].source, "a?b?[2J?");
    EXPECT_FALSE(find_violation(*batch).has_value());
}

TEST_F(MeteringTest, ALargeSumMakesACommitDue) {
    meter_.volumes.assign(1024, volume(record_volume_max));
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(metering_.pull({}).has_value());
    EXPECT_FALSE(metering_.full());
    ASSERT_TRUE(metering_.pull({}).has_value());
    EXPECT_TRUE(metering_.full());
    ASSERT_TRUE(metering_.make_batch().has_value());
    EXPECT_FALSE(metering_.full());
}

TEST_F(MeteringTest, OnePullHandsOverABoundedNumber) {
    meter_.volumes.assign(counted_volumes_of_a_pull_max + 1, volume(1));
    EXPECT_DEATH(static_cast<void>(metering_.pull({})), "counted_volumes_of_a_pull_max");
}

TEST_F(MeteringTest, CountsRefusedNames) {
    meter_.volumes = {volume(1)};
    for (int i = 0; i < 5; ++i)
        static_cast<void>(meter_.table().intern(NameKind::user, std::to_string(i)));
    ASSERT_TRUE(metering_.pull({}).has_value());
    EXPECT_EQ(count("attribute_refused_names_total"), 2U);
    static_cast<void>(meter_.table().intern(NameKind::user, "one more"));
    ASSERT_TRUE(metering_.pull({}).has_value());
    EXPECT_EQ(count("attribute_refused_names_total"), 3U) << "without a new row";
}

}  // namespace
}  // namespace octroi
