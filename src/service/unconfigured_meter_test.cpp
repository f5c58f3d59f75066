// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/unconfigured_meter.hpp"

#include <gtest/gtest.h>

#include <array>

namespace octroi {
namespace {

constexpr std::array device_options{Option{
    .key = "interfaces", .type = OptionType::texts, .default_text = "[]", .help = "Devices."}};
constexpr std::array run_rows{device_options[0], Option{.key = "filter",
                                                        .type = OptionType::text,
                                                        .default_text = R"("")",
                                                        .help = "An expression."}};

std::string obstacle;

constexpr MeterKind cheap{.name = "cheap",
                          .help = "The one that costs least.",
                          .options = device_options,
                          .obstacle = [] { return obstacle; }};
constexpr MeterKind common{.name = "common",
                           .help = "The one that always works.",
                           .options = run_rows,
                           .runs_unconfigured = true,
                           .run_options = run_rows,
                           .instead_option = "interfaces"};
constexpr std::array kinds{&common, &cheap};

class UnconfiguredMeterTest : public ::testing::Test {
protected:
    UnconfiguredMeterTest() { obstacle.clear(); }
    [[nodiscard]] std::string chosen() const {
        return std::string(choose_unconfigured(kinds, config_, given_).kind->name);
    }
    [[nodiscard]] std::string why() const {
        return choose_unconfigured(kinds, config_, given_).why;
    }

    Config config_;
    OptionValues given_;
};

TEST_F(UnconfiguredMeterTest, IsTheCheapOneWhereItCanRun) {
    EXPECT_EQ(chosen(), "cheap");
    given_.set("interfaces", std::vector<std::string>{"eth1"});
    EXPECT_EQ(chosen(), "cheap");
}

TEST_F(UnconfiguredMeterTest, IsTheDefaultOneWithTheReasonWhereTheOtherCannotRun) {
    obstacle = "octroi does not run as root";
    EXPECT_EQ(chosen(), "common");
    EXPECT_EQ(why(), "a meter of kind cheap cannot run here: octroi does not run as root");
}

TEST_F(UnconfiguredMeterTest, IsTheDefaultOneForAnOptionThatTheOtherDoesNotHave) {
    given_.set("filter", std::string("not port 22"));
    EXPECT_EQ(chosen(), "common");
    EXPECT_EQ(why(), "a meter of kind cheap has no option filter");
}

TEST_F(UnconfiguredMeterTest, IsTheDefaultOneWhereFlowsAreExported) {
    config_.exports.emplace_back();
    EXPECT_EQ(chosen(), "common");
}

// The counts of the configured meter go on while its daemon is down: they must not be removed.
TEST_F(UnconfiguredMeterTest, IsTheDefaultOneBesideAConfiguredMeterOfThatName) {
    config_.meters.emplace_back().name = "cheap";
    given_.set("interfaces", std::vector<std::string>{"eth1"});
    EXPECT_EQ(chosen(), "common");
}

TEST_F(UnconfiguredMeterTest, RunsUnderTheNameOfItsKindAndWithTheGivenValues) {
    given_.set("interfaces", std::vector<std::string>{"eth1"});
    config_.meters.emplace_back().name = "configured";
    const auto table = option_table(kinds);
    ASSERT_TRUE(is_unconfigured(config_, kinds, given_));
    const auto meters = meters_to_run(config_, table, kinds, cheap, given_);
    ASSERT_EQ(meters.size(), 1U);
    EXPECT_EQ(meters[0].name, "cheap");
    EXPECT_EQ(meters[0].kind, "cheap");
    EXPECT_EQ(meters[0].options.texts("interfaces"), std::vector<std::string>{"eth1"});
}

TEST_F(UnconfiguredMeterTest, LeavesConfiguredMetersAndAddsGivenValuesToThoseOfTheDefaultKind) {
    given_.set("filter", std::string("udp"));
    const auto table = option_table(kinds);
    config_.meters = {table.default_meter("common"), table.default_meter("cheap")};
    ASSERT_FALSE(is_unconfigured(config_, kinds, given_));
    const auto meters = meters_to_run(config_, table, kinds, cheap, given_);
    ASSERT_EQ(meters.size(), 2U);
    EXPECT_EQ(meters[0].options.text("filter"), "udp");
    EXPECT_FALSE(meters[1].options.contains("filter"));
}

}  // namespace
}  // namespace octroi
