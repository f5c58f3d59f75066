// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/usage_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Party alice{PartyKind::account, "alice", "10.0.0.1/32"};
const Party nobody{PartyKind::unattributed, "", "10.0.0.2"};
const Party world{PartyKind::outside, "world", ""};

class UsageAnswerTest : public ::testing::Test {
protected:
    [[nodiscard]] Report answer(const std::vector<std::string>& by, UsageQuestion question = {}) {
        const UsageGrouping grouping = parse_grouping(by).value_or(UsageGrouping{});
        question.by = grouping.keys;
        question.period.end = noon + Duration::hours(24);
        auto reports = answer_usage(*ledger_, config_,
                                    {.question = std::move(question), .unit = grouping.unit});
        EXPECT_TRUE(reports.has_value()) << reports.error().text;
        return reports.value_or(UsageReports{}).rows;
    }
    [[nodiscard]] std::string refusal(UsageQuestion question) {
        const auto none = answer_usage(*ledger_, config_, {.question = std::move(question)});
        return none ? "answered" : none.error().text;
    }
    static std::vector<std::string> columns(const Report& report) {
        std::vector<std::string> keys;
        for (const Column& column : report.columns) keys.push_back(column.key);
        keys.resize(std::min<std::size_t>(keys.size(), 2));
        return keys;
    }

    Config config_;
    TemporaryLedger ledger_;
};

TEST(UsageGrouping, IsKeysAndOneUnitOfTime) {
    const auto grouping = parse_grouping({"class", "day"});
    ASSERT_TRUE(grouping.has_value());
    EXPECT_THAT(grouping->keys, ElementsAre(UsageKey::far_class, UsageKey::period));
    EXPECT_EQ(grouping->unit, PeriodUnit::day);
    EXPECT_THAT(parse_grouping({"day", "hour"}).error().text, HasSubstr("--by hour: takes"));
    EXPECT_THAT(parse_grouping({"colour"}).error().text, HasSubstr("--by colour: takes"));
}

TEST_F(UsageAnswerTest, IsByHostWithoutAccountsAndByAccountWithThem) {
    ledger_.commit({nobody, world}, noon, 100);
    EXPECT_THAT(columns(answer({})), ElementsAre("identity", "account"));
    ledger_.bind("10.0.0.1", "alice");
    EXPECT_EQ(columns(answer({})).at(0), "account");
}

TEST_F(UsageAnswerTest, BeginsWithTheFirstTrafficWhereNoBeginningIsNamed) {
    ledger_.commit({nobody, world}, noon, 100);
    ledger_.commit({nobody, world}, noon + Duration::hours(2), 50);
    EXPECT_EQ(answer({"hour"}).rows.size(), 2U);
    EXPECT_EQ(answer({"5min"}).rows.size(), 2U);
}

TEST_F(UsageAnswerTest, AnEmptyLedgerHasNoPeriods) { EXPECT_TRUE(answer({"day"}).rows.empty()); }

TEST_F(UsageAnswerTest, IsOfOneMeterOrAccountThatExists) {
    ledger_.bind("10.0.0.1", "alice");
    ledger_.commit({alice, world}, noon, 100);
    EXPECT_EQ(answer({"account"}, {.meter = "test"}).rows.size(), 1U);
    EXPECT_THAT(refusal({.meter = "tset"}), HasSubstr("there is no meter tset"));
    EXPECT_THAT(refusal({.account = "bob"}), HasSubstr("account 'bob' does not exist"));
}

TEST_F(UsageAnswerTest, RefusesNamesThatDoNotExist) {
    ledger_.commit({nobody, world}, noon, 100);
    EXPECT_THAT(refusal({.services = {"web", "dns"}}), HasSubstr("of a service dns"));
    EXPECT_THAT(refusal({.classes = {"world", "wolrd"}}), HasSubstr("of a class wolrd"));
    EXPECT_TRUE(answer({"account"}, {.classes = {"@internal", "@transit"}}).rows.empty());
    EXPECT_THAT(refusal({.categories = {"work"}}), HasSubstr("one of the configuration: other"));
    EXPECT_THAT(refusal({.directions = {"up"}}),
                HasSubstr("--direction up: there is no such direction"));
}

TEST_F(UsageAnswerTest, SelectsServicesOfACategory) {
    config_.categories = {{"work", {"web"}, {}}, {"rest", {"nothing"}, {}}};
    ledger_.commit({nobody, world}, noon, 100);
    EXPECT_EQ(answer({"service"}, {.categories = {"work"}}).rows.size(), 1U);
    EXPECT_TRUE(answer({"service"}, {.categories = {"rest"}}).rows.empty());
    EXPECT_TRUE(answer({"service"}, {.services = {"web"}, .categories = {"rest"}}).rows.empty());
}

TEST_F(UsageAnswerTest, ShowsTheConfiguredCategories) {
    config_.categories = {{"work", {"web"}, {}}};
    ledger_.commit({nobody, world}, noon, 100);
    const Report report = answer({"category"});
    ASSERT_EQ(report.rows.size(), 1U);
    EXPECT_EQ(std::get<std::string>(report.rows[0].cells.at(0)), "work");
}

}  // namespace
}  // namespace octroi
