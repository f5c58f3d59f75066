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
    // Adds the log, or changes its precedence, as a run with this configuration does.
    void relate(const std::string& precedence,
                const std::vector<std::string>& addresses = {"10.0.0.1"}) {
        configure(precedence, addresses);
        put();
    }
    void put() {
        const auto put = put_precedence(config_, {}, *ledger_, clock_.now());
        ASSERT_TRUE(put.has_value()) << put.error().text;
    }
    void configure(const std::string& precedence,
                   const std::vector<std::string>& addresses = {"10.0.0.1"}) {
        config_.meters.resize(1);
        MeterConfig log;
        log.name = "proxy";
        log.kind = "log";
        log.options.set("same_bytes_as", std::vector<std::string>{"router"});
        log.options.set("precedence", precedence);
        log.options.set("addresses", addresses);
        log.options.set("services", std::vector<std::string>{});
        config_.meters.push_back(std::move(log));
    }
    void import(const std::string& meter, const std::string& file, std::uint64_t frames,
                MeterRole role = MeterRole::bill) {
        ImportSettings settings;
        const bool is_log = meter != "router";
        settings.meter = {meter, is_log ? "log" : "capture", role,
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
    // The moment from which the packets of the router are duplicates; max: never.
    [[nodiscard]] UtcTime begin_of_router() {
        const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
        if (!duplicates || *duplicates == nullptr) return UtcTime::max();
        const auto found = (*duplicates)->find("router");
        return found == (*duplicates)->end() ? UtcTime::max() : found->second.at(0).times.begin;
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
    configure("log");
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_FALSE(duplicates.has_value());
    EXPECT_THAT(duplicates.error().text, HasSubstr("'both 3'"));
}

// In between the packets were charged.
TEST_F(PrecedenceTest, OfALogThatWasLeftOutAndComesBackHasANewMoment) {
    relate("log");
    EXPECT_EQ(begin_of_router(), UtcTime::min());
    config_.meters.resize(1);
    put();
    EXPECT_EQ(records().at(0).cursor.position, "none");
    EXPECT_EQ(records().at(0).cursor.version, 2U);
    put();
    EXPECT_EQ(records().at(0).cursor.version, 2U) << "it is written once";
    import("router", "packets", 5);
    relate("log");
    EXPECT_EQ(begin_of_router(), bucket_start(traffic) + bucket_length);
    import("proxy", "lines", 3);
    EXPECT_THAT(booked(), UnorderedElementsAre("router 500 charged", "proxy 300 duplicate ()"));
}

TEST_F(PrecedenceTest, OfTheLogWithAnotherAddressHasANewMoment) {
    relate("log", {"10.9.9.9"});
    import("router", "packets", 5);
    EXPECT_EQ(begin_of_router(), UtcTime::min());
    relate("log", {"10.9.9.9", "10.0.0.1"});
    const UtcTime since = bucket_start(traffic) + bucket_length;
    EXPECT_EQ(begin_of_router(), since);
    const std::uint64_t version = records().at(0).cursor.version;
    relate("log", {"10.0.0.1", "10.9.9.9"});
    EXPECT_EQ(records().at(0).cursor.version, version) << "the order is no change";
}

TEST_F(PrecedenceTest, OfALedgerWithoutTheDigestKeepsItsMoment) {
    Batch batch;
    batch.id = random_batch_id();
    batch.meter = {"proxy", "log", MeterRole::bill, Layer::application};
    batch.booked_at = traffic;
    batch.cursors = {{"precedence", "log 300000000000", 1, ""}};
    ASSERT_TRUE(ledger_->commit(batch).has_value());
    relate("log");
    EXPECT_EQ(begin_of_router(), UtcTime::from_seconds(300));
    EXPECT_THAT(records().at(0).cursor.position, HasSubstr("log 300000000000 "));
    EXPECT_EQ(records().at(0).cursor.version, 2U);
}

TEST_F(PrecedenceTest, OfTheLogBeginsBehindPacketsThatWereChargedBeforeTheirMeterWasAWitness) {
    import("router", "packets", 5);
    import("router", "more", 2, MeterRole::witness);
    relate("log");
    EXPECT_EQ(begin_of_router(), bucket_start(traffic) + bucket_length);
}

TEST_F(PrecedenceTest, OfTheLogIsForAllTimeWhereThePacketsWereAlwaysAWitness) {
    import("router", "packets", 5, MeterRole::witness);
    relate("log");
    EXPECT_EQ(begin_of_router(), UtcTime::min());
}

// The packets of that time are duplicates: a new moment would charge them to nobody.
TEST_F(PrecedenceTest, OfALogWithANewNameKeepsItsMoment) {
    relate("log");
    import("router", "packets", 5);
    config_.meters[1].name = "squid";
    put();
    EXPECT_EQ(begin_of_router(), UtcTime::min());
    import("squid", "lines", 3);
    EXPECT_THAT(booked(),
                UnorderedElementsAre("router 500 duplicate (10.0.0.1)", "squid 300 charged"));
    for (const Store::MeterCursor& record : records())
        EXPECT_EQ(record.cursor.position == "none", record.meter == "proxy") << record.meter;
    config_.meters[1].name = "proxy";
    put();
    EXPECT_EQ(begin_of_router(), UtcTime::min()) << "the old name comes back";
}

// It reads the file from its beginning: lines that count already would be charged again.
TEST_F(PrecedenceTest, OfALogWithANewNameAndAnotherFormatHasANewMoment) {
    relate("log");
    import("router", "packets", 5);
    config_.meters[1].name = "squid";
    config_.meters[1].options.set("format", std::string("combined"));
    put();
    EXPECT_EQ(begin_of_router(), bucket_start(traffic) + bucket_length);
}

// Its packets may have been charged under the old name.
TEST_F(PrecedenceTest, OfTheLogBeginsBehindPacketsOfAMeterWithAnotherName) {
    import("router", "packets", 5);
    config_.meters[0].name = "gateway";
    configure("log");
    config_.meters[1].options.set("same_bytes_as", std::vector<std::string>{"gateway"});
    put();
    const auto duplicates = put_precedence(config_, {}, *ledger_, clock_.now());
    ASSERT_TRUE(duplicates.has_value());
    EXPECT_EQ((*duplicates)->at("gateway").at(0).times.begin,
              bucket_start(traffic) + bucket_length);
}

// An import with another configuration must not change what the daemon charges.
TEST_F(PrecedenceTest, AnImportRefusesARelationThatTheLedgerDoesNotHave) {
    EXPECT_TRUE(read_precedence(config_, *ledger_).has_value());
    configure("packets");
    EXPECT_TRUE(read_precedence(config_, *ledger_).has_value());
    configure("log");
    auto duplicates = read_precedence(config_, *ledger_);
    ASSERT_FALSE(duplicates.has_value());
    EXPECT_EQ(duplicates.error().code, ErrorCode::conflict);
    EXPECT_THAT(duplicates.error().text, HasSubstr("does not have its relation"));
    EXPECT_TRUE(records().empty());
    put();
    EXPECT_TRUE(read_precedence(config_, *ledger_).has_value());
    configure("packets");
    EXPECT_FALSE(read_precedence(config_, *ledger_).has_value());
    configure("log", {"10.0.0.2"});
    EXPECT_FALSE(read_precedence(config_, *ledger_).has_value());
    config_.meters.resize(1);
    duplicates = read_precedence(config_, *ledger_);
    ASSERT_FALSE(duplicates.has_value());
    EXPECT_THAT(duplicates.error().text, HasSubstr("which the configuration does not have"));
    EXPECT_EQ(records().at(0).cursor.version, 1U);
}

}  // namespace
}  // namespace octroi
