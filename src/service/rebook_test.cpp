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

RebookSummary rebooked(Ledger& ledger, const Config& config = {}) {
    const auto summary = rebook(ledger, config, {.period = {}, .now = testing::noon});
    EXPECT_TRUE(summary.has_value()) << summary.error().text;
    return summary.value_or(RebookSummary{});
}

// As `octroi import --local 198.51.100.0/24` books it: the network is in no version.
TEST(Rebook, LeavesTrafficThatWasLocalByAnOptionAndSaysSo) {
    TemporaryLedger ledger;
    ledger.declare_local("10.0.0.0/8");
    ledger.commit({testing::unattributed("198.51.100.7"), testing::outside("unclassified")},
                  testing::noon, 1000);
    const RebookSummary summary = rebooked(*ledger);
    EXPECT_EQ(summary.corrections, 0U);
    EXPECT_EQ(summary.unresolved.bytes, Bytes{1000});
    ASSERT_EQ(summary.doubts.size(), 1U);
    EXPECT_EQ(summary.doubts[0].name, "@unattributed");
    EXPECT_THAT(summary.doubts[0].reason, HasSubstr("198.51.100.0/24"));
    EXPECT_THAT(summary.doubts[0].reason, HasSubstr("--local"));
    // The same network in the configuration of now: it counts.
    Config config;
    config.attribute.local = {*parse_prefix("198.51.100.0/24")};
    config.attribute.per_address = true;
    EXPECT_EQ(rebooked(*ledger, config).unresolved, Volume{});
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
            if (rows > 25) EXPECT_LE(buckets, 100 / 25) << rows;
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
        EXPECT_NE((*past)->find(0, version).value(), nullptr) << version;
    EXPECT_EQ((*past)->find(0, later.version).value(), nullptr);
    EXPECT_EQ((*past)->find(0, "00ff").value(), nullptr) << "of no table";
    EXPECT_EQ((*past)->find(1, first.version).value(), nullptr) << "a later directory";
}

}  // namespace
}  // namespace octroi
