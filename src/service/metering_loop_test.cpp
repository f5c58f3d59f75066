// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metering_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace octroi {
namespace {

using ::testing::ElementsAre;

constexpr Duration tick = Duration::seconds(1);

class TestClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return UtcTime::from_seconds(1'700'000'000); }
    [[nodiscard]] Duration uptime() const override { return at; }
    Duration at;
};

// Reads a packet a tick, and does what a script says: one step for each pull.
class ScriptMeter final : public Meter {
public:
    enum class Step { more, checkpoint, end, error };
    explicit ScriptMeter(TestClock& clock) : clock_(clock) {}

    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        clock_.at = clock_.at + tick;
        const Step step = steps.front();
        steps.pop_front();
        if (step == Step::error) return fail(ErrorCode::failed, "the cable is cut");
        if (step == Step::end) return Pull::end;
        Reading r;
        r.first = r.last = clock_.now();
        r.bytes = 100;
        r.packets = 1;
        r.src = Address::v4(0x0a000001U);
        r.dst = Address::v4(0xc0000201U);
        sink.accept({&r, 1});
        seen_ += Volume{Bytes{100}, Packets{1}, Flows{0}};
        return step == Step::checkpoint ? Pull::checkpoint : Pull::more;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override {
        if (checkpoints_that_fail > 0) {
            --checkpoints_that_fail;
            return fail(ErrorCode::no_space, "no space for the snapshot");
        }
        Checkpoint out;
        out.observed = std::exchange(seen_, {});
        is_last.push_back(is_stopping_);
        return out;
    }
    void on_stop() override { is_stopping_ = true; }
    void committed() override { ++commits; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

    std::deque<Step> steps;
    int checkpoints_that_fail = 0;
    int commits = 0;
    std::vector<bool> is_last;  // of each checkpoint: on_stop() was called before

private:
    bool is_stopping_ = false;
    NameTable names_;
    TestClock& clock_;
    Volume seen_;
};

// Keeps the packets of each batch.
class TestTarget final : public BatchTarget {
public:
    bool go_on() override { return --pulls_left != 0; }
    [[nodiscard]] std::optional<Duration> commit_interval() const override { return interval; }
    [[nodiscard]] bool is_ready() const override { return ready; }
    Status put(Batch batch) override {
        if (fails) return fail(ErrorCode::corrupt, "the ledger is damaged");
        batches.push_back(batch.observed.packets.value());
        return {};
    }

    [[nodiscard]] bool has_new_tables() const override { return tables && pulls_left <= tables_at; }
    std::optional<AttributionTables> new_tables() override {
        return std::exchange(tables, std::nullopt);
    }

    std::optional<Duration> interval;
    std::optional<AttributionTables> tables;
    int tables_at = 0;  // there are new ones from so many pulls left on
    int pulls_left = -1;
    bool ready = true;
    bool fails = false;
    std::vector<std::uint64_t> batches;
};

class MeteringLoopTest : public ::testing::Test {
protected:
    using enum ScriptMeter::Step;

    MeteringLoopTest() {
        tables_ = {std::make_shared<const CompiledDirectory>(Directory{}),
                   std::make_shared<const CompiledClasses>(),
                   std::make_shared<const CompiledServices>()};
    }
    [[nodiscard]] Status run(std::deque<ScriptMeter::Step> steps) {
        meter_.steps = std::move(steps);
        MeteringLoop loop({"test", "capture", MeterRole::bill}, meter_, tables_, target_, clock_,
                          tick);
        return loop.run();
    }

    TestClock clock_;
    ScriptMeter meter_{clock_};
    TestTarget target_;
    AttributionTables tables_;
};

TEST_F(MeteringLoopTest, TheMeterKnowsItsLastCheckpoint) {
    EXPECT_TRUE(run({more, checkpoint, more, checkpoint, more, end}).has_value());
    EXPECT_EQ(meter_.is_last, (std::vector<bool>{false, false, true}));
}

TEST_F(MeteringLoopTest, CommitsWhereTheMeterAsksAndAtTheEnd) {
    EXPECT_TRUE(run({more, more, checkpoint, more, end}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(3, 1));
}

TEST_F(MeteringLoopTest, CommitsAfterTheInterval) {
    target_.interval = Duration::seconds(2);
    EXPECT_TRUE(run({more, more, more, more, more, end}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(2, 2, 1));
}

TEST_F(MeteringLoopTest, MakesABatchAtOnceWhereTablesAreNew) {
    target_.interval = Duration::hours(1);
    target_.pulls_left = 6;
    target_.tables_at = 4;
    target_.tables = tables_;
    EXPECT_TRUE(run({more, more, more, more, more, end}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(3, 2));
    EXPECT_FALSE(target_.tables.has_value());
}

// The tables stay new until a batch is made. The clock goes a second a pull.
TEST_F(MeteringLoopTest, WaitsBeforeItTriesAgainWhereTablesAreNew) {
    target_.tables = tables_;
    target_.tables_at = 100;
    target_.pulls_left = 100;
    meter_.checkpoints_that_fail = 2;
    EXPECT_TRUE(run({more, more, more, more, more, more, more, end}));
    EXPECT_THAT(target_.batches, ElementsAre(5, 2));
}

TEST_F(MeteringLoopTest, GoesOnReadingWhileTheLastBatchIsNotCommitted) {
    target_.interval = tick;
    target_.ready = false;
    EXPECT_TRUE(run({more, more, more, end}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(3));
    EXPECT_EQ(meter_.commits, 0);
}

TEST_F(MeteringLoopTest, SaysToTheMeterThatABatchIsCommitted) {
    EXPECT_TRUE(run({checkpoint, more, more, checkpoint, more, end}).has_value());
    EXPECT_EQ(meter_.commits, 2);
}

TEST_F(MeteringLoopTest, EndsWhenItsTargetSaysSo) {
    target_.pulls_left = 2;
    EXPECT_TRUE(run({more, more, more, more}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(2));
}

TEST_F(MeteringLoopTest, HandsOverWhatWasReadBeforeAnError) {
    const Status outcome = run({checkpoint, more, more, error});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().text, "the cable is cut");
    EXPECT_THAT(target_.batches, ElementsAre(1, 2));
}

TEST_F(MeteringLoopTest, EndsAtOnceWhereItsTargetFails) {
    target_.fails = true;
    const Status outcome = run({checkpoint, more, more, error});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().text, "the ledger is damaged");
    EXPECT_EQ(meter_.steps.size(), 3U);
}

TEST_F(MeteringLoopTest, TriesAgainWhereABatchCannotBeMadeForTheMoment) {
    meter_.checkpoints_that_fail = 1;
    EXPECT_TRUE(run({checkpoint, more, checkpoint, more, end}).has_value());
    EXPECT_THAT(target_.batches, ElementsAre(3, 1));
}

TEST_F(MeteringLoopTest, EndsWithAnErrorWhereTheLastBatchCannotBeMade) {
    meter_.checkpoints_that_fail = 1;
    const Status outcome = run({more, end});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, ErrorCode::no_space);
}

}  // namespace
}  // namespace octroi
