// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/log_limit.hpp"
#include "host/testing/folder.hpp"
#include "service/control.hpp"
#include "service/health.hpp"

namespace octroi {
namespace {

constexpr std::uint64_t packet_bytes = 100;

// Reads one packet in each pull, and ends after so many.
class SteadyMeter final : public Meter {
public:
    explicit SteadyMeter(std::uint64_t packets) : left_(packets) {
        EXPECT_EQ(names_.append(NameKind::interface, "eth0"), 1U);
    }
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        if (left_ == 0) return Pull::end;
        --left_;
        Reading r;
        r.first = r.last = UtcTime::from_seconds(1'700'000'000);
        r.bytes = packet_bytes;
        r.packets = 1;
        r.src = Address::v4(0x0a000001U);
        r.dst = Address::v4(0xc0000201U);
        sink.accept({&r, 1});
        seen_ += Volume{Bytes{packet_bytes}, Packets{1}, Flows{0}};
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
    std::uint64_t left_;
    NameTable names_;
    Volume seen_;
};

// Refuses so many commits, and sums the others.
class MoodyStore final : public Store {
public:
    MoodyStore(int refusals, ErrorCode why) : refusals_(refusals), why_(why) {}
    Result<CommitOutcome> commit(const Batch& batch) override {
        if (refusals_ > 0) {
            --refusals_;
            return fail(why_, "not now");
        }
        for (const Transfer& t : batch.transfers) booked += t.volume;
        for (const Party& party : batch.parties) parties.push_back(party);
        return CommitOutcome::committed;
    }
    Result<std::string> ledger_id() override { return std::string("00"); }
    Result<std::vector<MeterCursor>> cursors(std::string_view /*prefix*/) override {
        return std::vector<MeterCursor>();
    }
    Volume booked;
    std::vector<Party> parties;

private:
    int refusals_;
    ErrorCode why_;
};

// An empty registry that can be made to fail.
class FailingDirectoryStore final : public DirectoryStore {
public:
    bool fails = false;
    Result<Directory> directory() override { return Directory{}; }
    Result<std::uint64_t> directory_version() override {
        if (fails) return fail(ErrorCode::failed, "the disk does not answer");
        return 0;
    }
    Result<std::string> current_class_version() override { return std::string(); }
    Result<bool> apply(const Change& /*change*/, UtcTime /*now*/) override { return false; }
    Status load_class_table(const ClassTable& /*table*/, std::string_view /*name*/,
                            UtcTime /*now*/) override {
        return {};
    }
    Result<std::optional<ClassTable>> class_table(std::string_view /*version*/) override {
        return std::nullopt;
    }
    Result<std::vector<ClassTableInfo>> class_tables() override {
        return std::vector<ClassTableInfo>();
    }
};

constinit LimitedLog flood("daemon_test_flood");

void log_flood() {
    for (std::size_t i = 0; i < LineLimit::lines + 1; ++i) flood.warning([] { return "again"; });
}

// Logs more than is written, while it reads and when it ends.
class LoudMeter final : public Meter {
public:
    ~LoudMeter() override { log_flood(); }
    Result<Pull> pull(ReadingSink& sink, Duration wait) override {
        if (!std::exchange(has_logged_, true)) log_flood();
        return steady_.pull(sink, wait);
    }
    Result<Checkpoint> checkpoint(ReadingSink& sink) override { return steady_.checkpoint(sink); }
    [[nodiscard]] const NameTable& names() const override { return steady_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    SteadyMeter steady_{1000};
    bool has_logged_ = false;
};

class DaemonTest : public ::testing::Test {
protected:
    Status run(Store& store, DaemonOptions options, std::uint64_t packets = 1000) {
        auto attribution = AttributionSource::create(config_, directory_store_, networks_);
        EXPECT_TRUE(attribution.has_value());
        if (!attribution.has_value()) return {};
        if (fails_later_) directory_store_.fails = true;
        std::vector<DaemonMeter> meters;
        meters.push_back(
            {{"capture", "capture", MeterRole::bill}, std::make_unique<SteadyMeter>(packets)});
        CounterBoard board;
        return Daemon(std::move(meters), store, *attribution, board, clock_, std::move(options))
            .run();
    }

    Config config_;
    FailingDirectoryStore directory_store_;
    std::vector<LocalNetwork> networks_;
    bool fails_later_ = false;
    SystemClock clock_;
};

TEST_F(DaemonTest, CommitsAllReadings) {
    MoodyStore store(0, ErrorCode::failed);
    EXPECT_TRUE(run(store, {}).has_value());
    EXPECT_EQ(store.booked.bytes.value(), 1000 * packet_bytes);
}

TEST_F(DaemonTest, TriesAgainWhereTheDiskIsFull) {
    MoodyStore store(1, ErrorCode::no_space);
    EXPECT_TRUE(run(store, {}).has_value());
    EXPECT_EQ(store.booked.packets.value(), 1000U);
}

TEST_F(DaemonTest, TriesALastTimeWhenItIsToStop) {
    MoodyStore store(1, ErrorCode::no_space);
    int asked = 0;
    const Duration began = clock_.uptime();
    EXPECT_TRUE(run(store, {.stop_requested = [&] { return ++asked > 3; }}).has_value());
    EXPECT_EQ(store.booked.packets.value(), 1000U);
    EXPECT_LT(clock_.uptime() - began, Duration::milliseconds(1900));
}

TEST_F(DaemonTest, EndsWhereBookingFailsForGood) {
    MoodyStore store(1, ErrorCode::corrupt);
    EXPECT_FALSE(run(store, {}).has_value());
}

TEST_F(DaemonTest, SummarizesTheLimitedMessagesAlsoAfterAnError) {
    MoodyStore store(1, ErrorCode::corrupt);
    auto attribution = AttributionSource::create(config_, directory_store_, networks_);
    ASSERT_TRUE(attribution.has_value());
    std::vector<DaemonMeter> meters;
    meters.push_back({{"capture", "capture", MeterRole::bill}, std::make_unique<LoudMeter>()});
    CounterBoard board;
    Daemon daemon(std::move(meters), store, *attribution, board, clock_, {});
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(daemon.run().has_value());
    // 11 messages at first, and 11 of the destructor: 10 lines are written.
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                ::testing::HasSubstr("12 more messages of the kind daemon_test_flood"));
}

TEST_F(DaemonTest, GoesOnWithTheOldDirectoryWhereTheNewOneCannotBeRead) {
    MoodyStore store(0, ErrorCode::failed);
    fails_later_ = true;
    EXPECT_TRUE(run(store, {}).has_value());
    EXPECT_EQ(store.booked.packets.value(), 1000U);
}

TEST_F(DaemonTest, AnswersRequestsWhileItMeters) {
    const testing::Folder folder;
    const std::string ledger = folder.file("ledger.db");
    const auto control = ControlServer::open(ledger, clock_);
    ASSERT_TRUE(control.has_value()) << control.error().text;
    (*control)->add_request("ping", [](const nlohmann::json&) { return nlohmann::json("pong"); });
    std::atomic<bool> answered = false;
    std::jthread client([&] {
        const auto answer = ask_daemon(ledger, {{"request", "ping"}});
        EXPECT_EQ(answer.value_or(""), "pong");
        answered = true;
    });
    MoodyStore store(0, ErrorCode::failed);
    EXPECT_TRUE(run(store,
                    {.stop_requested = [&] { return answered.load(); },
                     .between_commits = [&] { (*control)->step(); }},
                    UINT64_MAX)
                    .has_value());
    EXPECT_GT(store.booked.packets.value(), 0U);
}

TEST_F(DaemonTest, LearnsTheNetworksThatComeLater) {
    auto attribution = AttributionSource::create(config_, directory_store_, {});
    ASSERT_TRUE(attribution.has_value());
    EXPECT_TRUE(attribution->networks().empty());
    attribution->add_fallback({{"10.0.0.0/8", true}});
    EXPECT_TRUE(attribution->networks().empty());
    EXPECT_TRUE(attribution->refresh().is_new);
    ASSERT_EQ(attribution->networks().size(), 1U);
    attribution->add_fallback({{"10.0.0.0/8", true}});
    EXPECT_FALSE(attribution->refresh().is_new);
}

// What a meter does that can fail, over all attempts.
struct Cable {
    std::atomic<int> opened = 0;
    int absent = 0;  // attempts to open that fail
    std::string why = "interface eth9 does not exist";

    Result<std::unique_ptr<Meter>> open(std::uint64_t packets) {
        if (++opened <= absent) return fail(ErrorCode::not_found, why);
        return std::make_unique<SteadyMeter>(packets);
    }
};

// Reads one packet, and fails.
class BrokenMeter final : public Meter {
public:
    Result<Pull> pull(ReadingSink& sink, Duration wait) override {
        if (std::exchange(has_read_, true)) return fail(ErrorCode::failed, "the cable is cut");
        return steady_.pull(sink, wait);
    }
    Result<Checkpoint> checkpoint(ReadingSink& sink) override { return steady_.checkpoint(sink); }
    [[nodiscard]] const NameTable& names() const override { return steady_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    bool has_read_ = false;
    SteadyMeter steady_{1};
};

class SupervisedMeters : public DaemonTest {
protected:
    // until: asked between two commits.
    Status run(std::vector<DaemonMeter> meters, const std::function<bool()>& until) {
        auto attribution = AttributionSource::create(config_, directory_store_, networks_);
        EXPECT_TRUE(attribution.has_value());
        const Duration latest = clock_.uptime() + Duration::seconds(30);
        Daemon daemon(std::move(meters), store_, *attribution, board_, clock_,
                      {.commit_interval = Duration::milliseconds(100),
                       .stop_requested = [&] { return until() || clock_.uptime() > latest; }});
        return daemon.run();
    }
    [[nodiscard]] static MeterName name(const std::string& text) {
        return {text, "capture", MeterRole::bill};
    }
    [[nodiscard]] MeterCounters counters(std::size_t meter) const {
        return board_.snapshot().meters.at(meter);
    }

    MoodyStore store_{0, ErrorCode::failed};
    CounterBoard board_;
    Cable cable_;
};

TEST_F(SupervisedMeters, AMeterThatFailsIsOpenedAgainAndLosesNoReading) {
    std::vector<DaemonMeter> meters;
    meters.push_back({.name = name("wire"),
                      .meter = std::make_unique<BrokenMeter>(),
                      .open = [&](const AttributionTables& /*tables*/) { return cable_.open(7); }});
    std::string not_ready;
    const Status outcome = run(std::move(meters), [&] {
        const std::string why = not_ready_reason(board_.snapshot());
        if (why.contains("does not run")) not_ready = why;
        return store_.booked.packets.value() == 8;
    });
    EXPECT_TRUE(outcome.has_value());
    EXPECT_EQ(store_.booked.packets.value(), 8U) << "one before the failure, 7 after it";
    EXPECT_EQ(not_ready, "meter wire does not run: the cable is cut");
    EXPECT_EQ(counters(0).failures, 1U);
    EXPECT_TRUE(counters(0).failure.empty());
    EXPECT_GE(counters(0).down, first_open_delay);
}

TEST_F(SupervisedMeters, TheOthersGoOnWhileOneCannotBeOpened) {
    cable_.absent = 1000;
    std::vector<DaemonMeter> meters;
    meters.push_back({.name = name("wan"),
                      .meter = nullptr,
                      .open = [&](const AttributionTables& /*tables*/) { return cable_.open(1); },
                      .error = Error{ErrorCode::not_found, cable_.why}});
    meters.push_back({.name = name("lan"), .meter = std::make_unique<SteadyMeter>(UINT64_MAX)});
    const Status outcome =
        run(std::move(meters), [&] { return cable_.opened >= 2 && counters(1).commits > 1; });
    EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
    EXPECT_GT(counters(1).commits, 1U);
    EXPECT_EQ(counters(0).failure, cable_.why);
    EXPECT_EQ(counters(0).failures, 3U) << "at the start, after 1 s, and after 2 s more";
}

TEST_F(SupervisedMeters, AMeterThatComesLaterIsMeteredFromThenOn) {
    cable_.absent = 1;
    std::vector<DaemonMeter> meters;
    meters.push_back({.name = name("wan"),
                      .meter = nullptr,
                      .open = [&](const AttributionTables& /*tables*/) { return cable_.open(5); },
                      .error = Error{ErrorCode::not_found, cable_.why}});
    ::testing::internal::CaptureStderr();
    const Status outcome =
        run(std::move(meters), [&] { return store_.booked.packets.value() == 5; });
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(outcome.has_value());
    EXPECT_EQ(store_.booked.packets.value(), 5U);
    EXPECT_THAT(log, ::testing::HasSubstr("meter wan: interface eth9 does not exist. The meter "
                                          "does not run; the next attempt is in 1s"));
    EXPECT_THAT(log, ::testing::HasSubstr("meter wan: runs now; it did not run for "));
    EXPECT_EQ(log.find("interface eth9", log.find("interface eth9") + 1), std::string::npos)
        << "the same failure is logged once";
}

TEST_F(SupervisedMeters, ARunInWhichNoMeterEverRanHasFailed) {
    cable_.absent = 1000;
    std::vector<DaemonMeter> meters;
    meters.push_back({.name = name("wan"),
                      .meter = nullptr,
                      .open = [&](const AttributionTables& /*tables*/) { return cable_.open(1); },
                      .error = Error{ErrorCode::not_found, cable_.why}});
    const Status outcome = run(std::move(meters), [&] { return cable_.opened >= 1; });
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().text, cable_.why);
}

TEST_F(SupervisedMeters, WithoutAWayToOpenItAgainAFailureEndsTheRun) {
    std::vector<DaemonMeter> meters;
    meters.push_back({.name = name("wire"), .meter = std::make_unique<BrokenMeter>()});
    meters.push_back({.name = name("lan"), .meter = std::make_unique<SteadyMeter>(UINT64_MAX)});
    const Status outcome = run(std::move(meters), [] { return false; });
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().text, "the cable is cut");
    EXPECT_GE(store_.booked.packets.value(), 1U);
}

}  // namespace
}  // namespace octroi
