// SPDX-License-Identifier: GPL-3.0-or-later
// A meter states who holds an address; another one meters its traffic. The statement must reach the
// other one soon, and without batches of its own.

#include <gtest/gtest.h>

#include <atomic>

#include "host/clock.hpp"
#include "host/pause.hpp"
#include "service/daemon.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using testing::TemporaryLedger;

// States once that 10.0.0.1 is held by alice, after some time.
class StatingMeter final : public Meter {
public:
    explicit StatingMeter(const Clock& clock) : clock_(clock), begin_(clock.uptime()) {}
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        pause_for(Duration::milliseconds(10));
        if (has_stated_ || clock_.uptime() - begin_ < Duration::milliseconds(1500))
            return Pull::idle;
        has_stated_ = true;
        const IdentityEvent event{UtcTime::from_seconds(1'700'000'000), *parse_identity("10.0.0.1"),
                                  *parse_identity("user alice")};
        sink.accept_identities({&event, 1});
        return Pull::more;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override { return Checkpoint{}; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    const Clock& clock_;
    Duration begin_;
    bool has_stated_ = false;
    NameTable names_;
};

// A packet of 10.0.0.1 in each pull.
class PacketMeter final : public Meter {
public:
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        pause_for(Duration::milliseconds(5));
        Reading r;
        r.first = r.last = UtcTime::from_seconds(1'700'000'100);
        r.bytes = 100;
        r.packets = 1;
        r.flow_slot = 1;
        r.src = Address::v4(0x0a000001U);
        r.dst = Address::v4(0xc0000201U);
        sink.accept({&r, 1});
        seen_ += Volume{Bytes{100}, Packets{1}, Flows{0}};
        return Pull::more;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override {
        Checkpoint out;
        out.observed = std::exchange(seen_, {});
        return out;
    }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    NameTable names_;
    Volume seen_;
};

TEST(DaemonIdentities, AStatementReachesOtherMetersAtOnce) {
    TemporaryLedger ledger;
    ledger.bind("user alice", "alice");
    ledger.declare_local("10.0.0.0/8");
    const SystemClock clock;
    auto attribution = AttributionSource::create({}, *ledger, {});
    ASSERT_TRUE(attribution);
    ASSERT_TRUE(attribution->use_identities(*ledger, UtcTime::min()));
    std::vector<DaemonMeter> meters;
    meters.push_back(
        {{"radius", "test", MeterRole::witness}, std::make_unique<StatingMeter>(clock)});
    meters.push_back({{"eth0", "test", MeterRole::bill}, std::make_unique<PacketMeter>()});
    CounterBoard board;
    std::size_t batches_of_eth0 = 0;
    std::vector<std::uint64_t> known;
    Daemon daemon(std::move(meters), *ledger, *attribution, board, clock,
                  {.commit_interval = Duration::seconds(60),
                   .run_for = Duration::seconds(5),
                   .committed = [&](const Batch& batch) {
                       if (batch.meter.name != "eth0") return;
                       ++batches_of_eth0;
                       known.push_back(batch.identities_known);
                   }});
    ASSERT_TRUE(daemon.run());
    SumQuestion question;
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    const auto sums = ledger->sums(question);
    ASSERT_TRUE(sums);
    for (const TransferSum& sum : *sums)
        (sum.from.name == "alice" ? after : before) += sum.volume.packets.value();
    EXPECT_GT(before, 0U);
    EXPECT_GT(after, 0U) << "the statement came too late";
    EXPECT_LE(batches_of_eth0, 2U) << "the first one, after a second, and the last one";
    ASSERT_FALSE(known.empty());
    EXPECT_EQ(known.back(), 0U) << "of the last batch the first packets did not know it";
    EXPECT_EQ(*ledger->newest_identity(), 1U);
}

// ---- A commit without a reply

// States once that 10.0.0.1 is held by alice, and ends.
class BriefMeter final : public Meter {
public:
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        const IdentityEvent event{UtcTime::from_seconds(1'700'000'000), *parse_identity("10.0.0.1"),
                                  *parse_identity("user alice")};
        sink.accept_identities({&event, 1});
        return Pull::end;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override { return Checkpoint{}; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    NameTable names_;
};

// Ends when the other meter's commit has failed.
class WaitingMeter final : public Meter {
public:
    explicit WaitingMeter(const std::atomic<bool>& has_failed) : has_failed_(has_failed) {}
    Result<Pull> pull(ReadingSink& sink, Duration wait) override {
        if (!has_failed_) {
            pause_for(Duration::milliseconds(5));
            return Pull::idle;
        }
        TRY_ASSIGN([[maybe_unused]] const Pull more, packets_.pull(sink, wait));
        return Pull::end;
    }
    Result<Checkpoint> checkpoint(ReadingSink& sink) override { return packets_.checkpoint(sink); }
    [[nodiscard]] const NameTable& names() const override { return packets_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    const std::atomic<bool>& has_failed_;
    PacketMeter packets_;
};

// Commits the first batch with events, and returns an error all the same.
class LostReplyStore final : public Store {
public:
    explicit LostReplyStore(Store& store) : store_(store) {}
    Result<CommitOutcome> commit(const Batch& batch) override {
        auto outcome = store_.commit(batch);
        if (batch.identities.empty() || has_failed.exchange(true)) return outcome;
        EXPECT_TRUE(outcome) << outcome.error().text;
        return fail(ErrorCode::no_space, "the disk is full");
    }
    Result<std::string> ledger_id() override { return store_.ledger_id(); }
    Result<std::vector<MeterCursor>> cursors(std::string_view prefix) override {
        return store_.cursors(prefix);
    }

    std::atomic<bool> has_failed = false;

private:
    Store& store_;
};

TEST(DaemonIdentities, ABatchWithoutAReplyStaysAsItIsWhileAnotherOneIsCommitted) {
    TemporaryLedger ledger;
    const SystemClock clock;
    auto attribution = AttributionSource::create({}, *ledger, {});
    ASSERT_TRUE(attribution);
    ASSERT_TRUE(attribution->use_identities(*ledger, UtcTime::min()));
    LostReplyStore store(*ledger);
    // The first one has its turn while the other one waits for the next attempt.
    std::vector<DaemonMeter> meters;
    meters.push_back(
        {{"eth0", "test", MeterRole::bill}, std::make_unique<WaitingMeter>(store.has_failed)});
    meters.push_back({{"radius", "test", MeterRole::witness}, std::make_unique<BriefMeter>()});
    CounterBoard board;
    std::vector<std::string> committed;
    Daemon daemon(
        std::move(meters), store, *attribution, board, clock,
        {.commit_interval = Duration::seconds(60),
         .run_for = Duration::seconds(30),
         .committed = [&](const Batch& batch) { committed.push_back(batch.meter.name); }});
    const Status ended = daemon.run();
    EXPECT_TRUE(ended) << ended.error().text;
    EXPECT_TRUE(store.has_failed);
    ASSERT_FALSE(committed.empty());
    EXPECT_EQ(committed.back(), "radius");
    EXPECT_EQ(*ledger->newest_identity(), 1U);
}

}  // namespace
}  // namespace octroi
