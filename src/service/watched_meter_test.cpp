// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/watched_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

constexpr std::array options{Option{.key = "filter",
                                    .type = OptionType::text,
                                    .default_text = R"("all")",
                                    .help = "The packets to read."}};

// Opens no meter, and keeps the option that it was opened with.
std::string opened_with;
Result<OpenedMeter> open_kind(MeterSetup& setup) {
    opened_with = setup.config.options.text("filter");
    if (opened_with == "refused") return fail(ErrorCode::permission, "not permitted");
    return OpenedMeter{};
}

constexpr MeterKind other{.name = "other"};
constexpr MeterKind kind{.name = "test",
                         .help = "A kind.",
                         .options = options,
                         .runs_unconfigured = true,
                         .run_options = options,
                         .open = open_kind};
constexpr std::array kinds{&other, &kind};

class WatchedMeterTest : public ::testing::Test {
protected:
    Result<WatchedMeter> open(const Result<std::unique_ptr<Ledger>>& ledger) {
        return open_watched_meter(config_, kinds, table_, given_, ledger, host_);
    }

    const OptionTable table_ = option_table(kinds);
    const octroi::testing::TemporaryLedger ledger_;
    SystemCaptureHost host_;
    Config config_;
    OptionValues given_;
};

TEST_F(WatchedMeterTest, IsOneOfTheDefaultKindWithTheGivenOptions) {
    config_.meters.resize(2);  // these stay out
    const auto plain = open(fail(ErrorCode::not_found, "there is no ledger"));
    ASSERT_TRUE(plain.has_value()) << plain.error().text;
    EXPECT_EQ(plain->name.kind, "test");
    EXPECT_EQ(plain->name.role, MeterRole::witness);
    EXPECT_EQ(opened_with, "all");
    given_.set("filter", std::string("tcp"));
    EXPECT_TRUE(open(fail(ErrorCode::not_found, "there is no ledger")).has_value());
    EXPECT_EQ(opened_with, "tcp");
}

TEST_F(WatchedMeterTest, HasTheTablesOfTheLedger) {
    ClassTable table{.version = "1", .default_class = "partners", .classes = {"partners"}};
    ASSERT_TRUE(ledger_->load_class_table(table, "test", octroi::testing::noon).has_value());
    const auto with = open(open_ledger(ledger_.path(), {.mode = OpenMode::read_only}));
    ASSERT_TRUE(with.has_value()) << with.error().text;
    EXPECT_THAT(with->tables.classes->names(), ::testing::Contains("partners"));
    const auto without = open(fail(ErrorCode::not_found, "there is no ledger"));
    ASSERT_TRUE(without.has_value()) << without.error().text;
    EXPECT_EQ(without->tables.classes->version(), "");
}

TEST_F(WatchedMeterTest, FailsWithTheLedgerOrTheMeter) {
    EXPECT_EQ(open(fail(ErrorCode::corrupt, "damaged")).error().code, ErrorCode::corrupt);
    given_.set("filter", std::string("refused"));
    EXPECT_EQ(open(fail(ErrorCode::not_found, "none")).error().code, ErrorCode::permission);
}

}  // namespace
}  // namespace octroi
