// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/precedence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "host/random.hpp"
#include "host/testing/folder.hpp"
#include "service/file_import.hpp"
#include "service/ledger_url.hpp"
#include "service/testing/frames_meter.hpp"

namespace octroi {
namespace {

using octroi::testing::FramesMeter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// FramesMeter's traffic of 100 bytes for each frame: from the server 10.0.0.1, at one moment.
constexpr UtcTime traffic = UtcTime::from_seconds(1'700'000'000);

class PrecedenceTest : public ::testing::Test {
protected:
    PrecedenceTest() {
        auto ledger = open_ledger(folder_.file("ledger.db"), {.mode = OpenMode::create});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        ledger_ = *std::move(ledger);
        MeterConfig router;
        router.name = "router";
        router.kind = "capture";
        config_.meters.push_back(router);
    }
    // Adds the log, or changes its precedence.
    void relate(const std::string& precedence) {
        config_.meters.resize(1);
        MeterConfig log;
        log.name = "proxy";
        log.kind = "log";
        log.options.set("same_bytes_as", std::vector<std::string>{"router"});
        log.options.set("precedence", precedence);
        log.options.set("addresses", std::vector<std::string>{"10.0.0.1"});
        log.options.set("services", std::vector<std::string>{});
        config_.meters.push_back(std::move(log));
    }
    void import(const std::string& meter, const std::string& file, std::uint64_t frames) {
        ImportSettings settings;
        const bool is_log = meter == "proxy";
        settings.meter = {meter, is_log ? "log" : "capture", MeterRole::bill,
                          is_log ? Layer::application : Layer::ip};
        settings.cursor_prefix = "frames:";
        settings.open =
            [frames](const std::string& path,
                     std::span<const Cursor> known) -> Result<std::unique_ptr<file::OnceMeter>> {
            return std::make_unique<FramesMeter>(path, frames, known);
        };
        const auto outcome = import_files({file}, settings, config_, *ledger_, clock_);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
        EXPECT_FALSE(outcome->failure.has_value());
    }
    // "meter bytes charged" of what counts for somebody, and "meter bytes duplicate (identity)".
    [[nodiscard]] std::vector<std::string> booked() {
        const auto sums = ledger_->sums({.by_meter = true, .by_identity = true});
        std::vector<std::string> texts;
        for (const TransferSum& sum : *sums)
            texts.push_back(
                sum.from.kind == PartyKind::excluded
                    ? fmt::format("{} {} {} ({})", sum.meter, sum.volume.bytes.value(),
                                  sum.from.name, sum.from.identity)
                    : fmt::format("{} {} charged", sum.meter, sum.volume.bytes.value()));
        return texts;
    }
    [[nodiscard]] std::vector<Store::MeterCursor> records() const {
        const auto cursors = ledger_->cursors("precedence");
        return cursors.value_or(std::vector<Store::MeterCursor>());
    }

    const testing::Folder folder_;
    SystemClock clock_;
    std::unique_ptr<Ledger> ledger_;
    Config config_;
};

TEST_F(PrecedenceTest, OfTheLogIsForAllTimeWhereThePacketsWereNeverCharged) {
    relate("log");
    import("router", "packets", 5);
    import("proxy", "lines", 3);
    EXPECT_THAT(booked(),
                UnorderedElementsAre("router 500 duplicate (10.0.0.1)", "proxy 300 charged"));
    ASSERT_EQ(records().size(), 1U);
    EXPECT_EQ(records()[0].meter, "proxy");
    EXPECT_EQ(records()[0].cursor.version, 1U) << "it is written once";
}

// Lines of that time would charge again what the packets have charged.
TEST_F(PrecedenceTest, OfTheLogBeginsWhereThePacketsWereChargedLast) {
    import("router", "packets", 5);
    relate("log");
    import("router", "more", 2);
    import("proxy", "lines", 3);
    EXPECT_THAT(booked(), UnorderedElementsAre("router 700 charged", "proxy 300 duplicate ()"))
        << "all is in the bucket in which the packets were charged last";
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_TRUE(duplicates.has_value());
    const UtcTime since = bucket_start(traffic) + bucket_length;
    const DuplicateTraffic of_router{
        .ends = {*parse_prefix("10.0.0.1")}, .services = {}, .times = {since, UtcTime::max()}};
    const DuplicateTraffic of_proxy{.ends = {}, .services = {}, .times = {UtcTime::min(), since}};
    EXPECT_THAT((*duplicates)->at("router"), ElementsAre(of_router));
    EXPECT_THAT((*duplicates)->at("proxy"), ElementsAre(of_proxy));
}

TEST_F(PrecedenceTest, OfThePacketsLeavesThemAsTheyAre) {
    relate("packets");
    import("router", "packets", 5);
    EXPECT_THAT(booked(), ElementsAre("router 500 charged"));
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_TRUE(duplicates.has_value());
    EXPECT_TRUE((*duplicates)->empty());
}

TEST_F(PrecedenceTest, ChangesFromThePacketsToTheLogAtABucket) {
    relate("packets");
    import("router", "packets", 5);
    relate("log");
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_TRUE(duplicates.has_value());
    EXPECT_EQ((*duplicates)->at("router").at(0).times.begin, bucket_start(traffic) + bucket_length);
    EXPECT_EQ(records().at(0).cursor.version, 2U);
    relate("packets");
    ASSERT_TRUE(put_precedence(config_, {}, *ledger_, clock_.now()).has_value());
    EXPECT_EQ(records().at(0).cursor.position, "packets");
}

TEST_F(PrecedenceTest, LeavesAWitnessOfThePacketsWithItsAccounts) {
    config_.meters[0].role = RoleChoice::witness;
    relate("log");
    import("router", "packets", 5);
    EXPECT_THAT(booked(), ElementsAre("router 500 charged"));
}

TEST_F(PrecedenceTest, ARecordOfANewerVersionIsAnError) {
    Batch batch;
    batch.id = random_batch_id();
    batch.meter = {"proxy", "log", MeterRole::bill, Layer::application};
    batch.booked_at = traffic;
    batch.cursors = {{"precedence", "both 3", 1, ""}};
    ASSERT_TRUE(ledger_->commit(batch).has_value());
    relate("log");
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_FALSE(duplicates.has_value());
    EXPECT_THAT(duplicates.error().text, HasSubstr("'both 3'"));
}

}  // namespace
}  // namespace octroi
