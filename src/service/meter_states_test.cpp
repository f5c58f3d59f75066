// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_states.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "host/testing/folder.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StandingClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return UtcTime::from_seconds(1'700'000'000); }
    [[nodiscard]] Duration uptime() const override { return at; }
    Duration at = Duration::seconds(1000);
};

class MeterStatesTest : public ::testing::Test {
protected:
    // The answer of a daemon with the board, through its socket.
    [[nodiscard]] std::optional<std::vector<RunningState>> ask() {
        const SystemClock system;
        auto control = ControlServer::open(folder_.file("ledger.db"), system);
        EXPECT_TRUE(control.has_value()) << control.error().text;
        add_meters_request(**control, board_, clock_);
        std::optional<std::vector<RunningState>> states;
        std::atomic<bool> answered = false;
        std::jthread client([&] {
            states = ask_meter_states(folder_.file("ledger.db"));
            answered = true;
        });
        while (!answered) (*control)->step();
        return states;
    }
    [[nodiscard]] static Report report_of(const std::vector<MeterState>& meters) {
        return meters_report(meters, UtcTime::from_seconds(1'700'000'000), {});
    }
    [[nodiscard]] static std::vector<Cell> column(const Report& report, std::string_view key) {
        const auto at = std::ranges::find(report.columns, key, &Column::key);
        EXPECT_NE(at, report.columns.end());
        std::vector<Cell> cells;
        for (const Row& row : report.rows)
            cells.push_back(row.cells.at(static_cast<std::size_t>(at - report.columns.begin())));
        return cells;
    }

    testing::Folder folder_;
    CounterBoard board_;
    StandingClock clock_;
};

TEST_F(MeterStatesTest, TheDaemonStatesWhichMetersRunAndWhyOthersDoNot) {
    board_.begin({{"lan", "capture", MeterRole::bill}, {"log", "nflog", MeterRole::witness}},
                 clock_.at);
    board_.on_meter_failed(1, "group 5: another program reads it", clock_.at);
    clock_.at = clock_.at + Duration::seconds(90);
    const auto states = ask();
    ASSERT_TRUE(states.has_value());
    ASSERT_EQ(states->size(), 2U);
    EXPECT_EQ((*states)[0].failure, "");
    EXPECT_EQ((*states)[1].kind, "nflog");
    EXPECT_EQ((*states)[1].role, "witness");
    EXPECT_EQ((*states)[1].failure, "group 5: another program reads it");
    EXPECT_EQ((*states)[1].failures, 1U);
    EXPECT_EQ((*states)[1].down, Duration::seconds(90));
}

TEST_F(MeterStatesTest, TheReportNamesAMeterThatHasNeverCommitted) {
    MeterState lan;
    lan.meter = {"lan", "capture", MeterRole::bill};
    Report report = report_of({lan});
    add_meter_states(std::vector<RunningState>{{"lan", "capture", "bill", "", 0, {}},
                                               {"wan", "capture", "bill", "no such interface", 3,
                                                Duration::minutes(2)}},
                     report);
    EXPECT_THAT(column(report, "meter"),
                ElementsAre(Cell(std::string("lan")), Cell(std::string("wan"))));
    EXPECT_THAT(column(report, "state"),
                ElementsAre(Cell(std::string_view("running")), Cell(std::string_view("failed"))));
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_THAT(report.notes[0], HasSubstr("Meter wan does not run: no such interface. The daemon "
                                           "tries again; it has not run for 2m"));
}

TEST_F(MeterStatesTest, WithoutADaemonNothingIsKnown) {
    EXPECT_FALSE(ask_meter_states(folder_.file("ledger.db")).has_value());
    MeterState lan;
    lan.meter = {"lan", "capture", MeterRole::bill};
    Report report = report_of({lan});
    add_meter_states(std::nullopt, report);
    EXPECT_THAT(column(report, "state"), ElementsAre(Cell()));
    EXPECT_TRUE(report.notes.empty());
}

}  // namespace
}  // namespace octroi
