// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/rebook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attribute/class_table.hpp"
#include "ledger/testing/batches.hpp"
#include "service/past_tables.hpp"
#include "service/rebook_period.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryLedger;

RebookSummary rebooked(Ledger& ledger, const Config& config) {
    const auto summary = rebook(ledger, config, {.period = {}, .now = testing::noon});
    EXPECT_TRUE(summary.has_value()) << summary.error().text;
    return summary.value_or(RebookSummary{});
}

// As after `octroi import --local 198.51.100.0/24`: the network is in no version.
TEST(Rebook, LeavesTrafficThatWasLocalByAnOptionAndSaysSo) {
    TemporaryLedger ledger;
    Config config;
    config.services.push_back({"web", {"tcp/80"}});
    config.attribute.local = {*parse_prefix("10.0.0.0/8")};
    config.attribute.per_address = true;
    ledger.commit({testing::unattributed("198.51.100.7"), testing::outside("unclassified")},
                  testing::noon, 1000);
    const RebookSummary summary = rebooked(*ledger, config);
    EXPECT_EQ(summary.corrections, 0U);
    EXPECT_EQ(summary.unresolved.bytes, Bytes{1000});
    ASSERT_EQ(summary.doubts.size(), 1U);
    EXPECT_EQ(summary.doubts[0].name, "@unattributed");
    EXPECT_THAT(summary.doubts[0].reason, HasSubstr("198.51.100.0/24"));
    EXPECT_THAT(summary.doubts[0].reason, HasSubstr("--local"));
    // The same network in the configuration of now: it counts.
    config.attribute.local.push_back(*parse_prefix("198.51.100.0/24"));
    EXPECT_EQ(rebooked(*ledger, config).unresolved, Volume{});
}

// The row has no address: whatever is bound or excluded now, it stays.
TEST(Rebook, LeavesTrafficThatNeedsNoUser) {
    TemporaryLedger ledger;
    Config config;
    config.services.push_back({"web", {"tcp/80"}});
    config.attribute.local = {*parse_prefix("10.0.0.0/8")};
    const Party excluded{PartyKind::excluded, "no-user-needed", ""};
    Batch batch = testing::BatchBuilder(1).transfer(0, excluded, excluded, "web", 1000).build();
    batch.class_version.clear();
    ASSERT_TRUE(ledger->commit(batch));
    ledger.bind("10.0.0.0/8", "alice");
    const RebookSummary summary = rebooked(*ledger, config);
    EXPECT_EQ(summary.corrections, 0U);
    EXPECT_EQ(summary.unresolved, Volume{});
}

// Days of traffic of one address, a bucket in each hour.
void commit_days(TemporaryLedger& ledger, int days) {
    for (int hour = 0; hour < days * 24; ++hour)
        ledger.commit({testing::unattributed("10.0.0.1"), testing::outside("world")},
                      testing::some_day + Duration::hours(hour), 1000);
}

class RebookOfDays : public ::testing::Test {
protected:
    void SetUp() override {
        config_.attribute.local = {*parse_prefix("10.0.0.0/8")};
        config_.attribute.per_address = true;
        commit_days(ledger_, 4);
        ledger_.bind("10.0.0.1", "alice");
    }
    [[nodiscard]] Result<RebookSummary> run(RebookRequest request) {
        request.now = testing::noon;
        return rebook(*ledger_, config_, request);
    }
    void compact_before(UtcTime t) {
        const auto done = ledger_->compact({.fine_before = t}, t, [](const auto&) { return true; });
        ASSERT_TRUE(done.has_value()) << done.error().text;
    }

    TemporaryLedger ledger_;
    Config config_;
};

TEST_F(RebookOfDays, LeavesOutWhatIsOnlyASumNow) {
    compact_before(testing::some_day + Duration::hours(48) + Duration::minutes(20));
    const auto summary = run({});
    ASSERT_TRUE(summary.has_value()) << summary.error().text;
    // The first bucket of the third day is compacted, and only it is in the sum of its hour.
    const UtcTime since = testing::some_day + Duration::hours(48) + bucket_length;
    EXPECT_EQ(summary->left_out_until, since);
    EXPECT_EQ(summary->moved.bytes, Bytes{47 * 1000});
    const auto report = rebook_report(*summary);
    ASSERT_FALSE(report.notes.empty());
    EXPECT_THAT(report.notes.back(), HasSubstr("Left out: traffic before " + to_rfc3339(since)));
    const auto again = run({.period = {testing::some_day, UtcTime::max()}});
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
    EXPECT_THAT(again.error().text,
                HasSubstr("; next: octroi rebook --since " + to_rfc3339(since)));
    EXPECT_TRUE(run({.period = {since, UtcTime::max()}}).has_value()) << "as the error says";
}

TEST_F(RebookOfDays, LeavesOutNothingWhereAllTransfersAreThere) {
    const auto summary = run({});
    ASSERT_TRUE(summary.has_value()) << summary.error().text;
    EXPECT_FALSE(summary->left_out_until);
    EXPECT_EQ(summary->moved.bytes, Bytes{96 * 1000});
}

TEST_F(RebookOfDays, StopsOnRequestAndGoesOnInTheNextRun) {
    int slices = 0;
    RebookRequest request;
    request.progress = [&](UtcTime at, const Interval& period) {
        ++slices;
        EXPECT_TRUE(period.contains(at));
    };
    request.stop_requested = [&] { return slices > 2; };
    const auto first = run(request);
    ASSERT_TRUE(first.has_value()) << first.error().text;
    ASSERT_TRUE(first->stopped_at);
    EXPECT_GT(first->moved.bytes, Bytes{0});
    EXPECT_EQ(first->moved.bytes, first->examined.bytes);
    EXPECT_LT(first->moved.bytes, Bytes{96 * 1000});
    EXPECT_THAT(rebook_report(*first).notes.back(), HasSubstr(to_rfc3339(*first->stopped_at)));
    const auto second = run({});
    EXPECT_FALSE(second->stopped_at);
    EXPECT_EQ(second->moved.bytes + first->moved.bytes, Bytes{96 * 1000});
}

// The slices that RebookSlices gives for slices with so many rows in each bucket.
std::vector<Interval> slices_of(Ledger& ledger, const Interval& period, std::size_t in_a_bucket) {
    auto slices = RebookSlices::create(ledger, period, "", 100);
    EXPECT_TRUE(slices.has_value()) << slices.error().text;
    std::vector<Interval> all;
    std::size_t rows = 0;
    while (true) {
        const auto next = slices->next(rows);
        EXPECT_TRUE(next.has_value()) << next.error().text;
        if (!next || !*next) return all;
        all.push_back(**next);
        rows = in_a_bucket *
               static_cast<std::size_t>((all.back().end - all.back().begin).ns / bucket_length.ns);
    }
}

// Traffic of two days with years between them.
TEST(RebookSlices, ContainAllTrafficAndAreNeitherLongerThanADayNorThanTheirRows) {
    TemporaryLedger ledger;
    const UtcTime first = testing::some_day + Duration::hours(3);
    const UtcTime last = testing::some_day + Duration::hours(24 * 3000 + 22);
    for (const UtcTime bucket : {first, first + Duration::hours(9), last})
        ledger.commit({testing::unattributed("10.0.0.1"), testing::outside("world")}, bucket, 1);
    for (const std::size_t rows : {0U, 1U, 30U, 500U}) {
        const auto slices = slices_of(*ledger, {}, rows);
        UtcTime end = UtcTime::min();
        std::int64_t length = 1;
        for (const Interval& slice : slices) {
            EXPECT_GE(slice.begin, end);
            EXPECT_EQ(bucket_start(slice.begin, Duration::hours(24)),
                      bucket_start(slice.end - Duration{1}, Duration::hours(24)));
            const std::int64_t buckets = (slice.end - slice.begin).ns / bucket_length.ns;
            EXPECT_LE(buckets, 4 * length) << rows;
            if (rows == 0) {
                EXPECT_EQ(buckets, 1) << "nothing is known about the next slice";
            }
            if (rows > 25) {
                EXPECT_LE(buckets, 4) << rows;
            }
            length = std::max(length, buckets);
            end = slice.end;
        }
        EXPECT_EQ(slices.front().begin, first);
        EXPECT_EQ(end, last + bucket_length);
        EXPECT_LE(slices.size(), 3U * 288U) << "days without traffic have no slices";
    }
    EXPECT_LE(slices_of(*ledger, {}, 1).size(), 10U);
    const Interval part{first + Duration{1}, last - Duration{1}};
    const auto slices = slices_of(*ledger, part, 1);
    EXPECT_EQ(slices.front().begin, first + bucket_length);
    EXPECT_EQ(slices_of(*ledger, {last + bucket_length, UtcTime::max()}, 1).size(), 0U);
}

ClassTable table_with(const std::string& class_name) {
    ClassTable table;
    table.default_class = class_name;
    table.version = class_table_version(table);
    return table;
}

TEST(PastTables, KnowTheTablesThatWereThereWhenTheyWereMade) {
    const TemporaryLedger ledger;
    const ClassTable first = table_with("first");
    const ClassTable second = table_with("second");
    const ClassTable later = table_with("later");
    for (const ClassTable* table : {&first, &second})
        ASSERT_TRUE(ledger->load_class_table(*table, "test", testing::noon).has_value());
    const auto past = PastTables::create(*ledger, {}, 1);
    ASSERT_TRUE(past.has_value()) << past.error().text;
    ASSERT_TRUE(ledger->load_class_table(later, "test", testing::noon).has_value());
    ledger.declare_local("10.0.0.0/8");
    for (const std::string& version : {std::string(), first.version, second.version})
        EXPECT_NE((*past)->find(0, version, 0).value(), nullptr) << version;
    EXPECT_EQ((*past)->find(0, later.version, 0).value(), nullptr);
    EXPECT_EQ((*past)->find(0, "00ff", 0).value(), nullptr) << "of no table";
    EXPECT_EQ((*past)->find(1, first.version, 0).value(), nullptr) << "a later directory";
    EXPECT_EQ((*past)->find(0, first.version, 1).value(), nullptr) << "later events";
}

}  // namespace
}  // namespace octroi
