// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What every store must state about its content, as a suite with the fixture of
// store_conformance.hpp.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "ledger/maintenance.hpp"
#include "ledger/query.hpp"
#include "ledger/store.hpp"
#include "ledger/testing/batches.hpp"

namespace octroi::testing {

template <typename Fixture>
class FactsConformance : public ::testing::Test {
protected:
    Fixture ledger_;

    LedgerFacts facts() {
        const auto facts = ledger_.query().facts({});
        EXPECT_TRUE(facts) << facts.error().text;
        return facts.value_or(LedgerFacts{});
    }
    void commit(const Batch& batch) {
        const auto outcome = ledger_.store().commit(batch);
        ASSERT_TRUE(outcome) << outcome.error().text;
    }
    static std::map<std::string, std::uint64_t> by_kind(const LedgerFacts& facts) {
        std::map<std::string, std::uint64_t> rows;
        for (const LedgerFacts::Rows& each : facts.rows) rows[each.kind] = each.rows;
        EXPECT_EQ(rows.size(), facts.rows.size());
        return rows;
    }
};
TYPED_TEST_SUITE_P(FactsConformance);

TYPED_TEST_P(FactsConformance, AnEmptyLedgerHasNoTraffic) {
    const LedgerFacts facts = this->facts();
    EXPECT_GT(facts.first_bucket, facts.last_bucket);
    EXPECT_TRUE(facts.days.empty());
    EXPECT_EQ(facts.chains, 0U);
    for (const LedgerFacts::Rows& rows : facts.rows) EXPECT_EQ(rows.rows, 0U) << rows.kind;
}

TYPED_TEST_P(FactsConformance, CountsRowsAndDays) {
    std::map<std::string, std::uint64_t> expected{{"batches", 0}};
    std::map<UtcTime, LedgerFacts::Day> days;
    UtcTime first = UtcTime::max();
    UtcTime last = UtcTime::min();
    const auto commit = [&](Batch batch, int day) {
        batch.booked_at = some_day + Duration::hours(24 * day + 5);
        this->commit(batch);
        std::uint64_t transfers = batch.transfers.size();
        std::uint64_t sampled = batch.sampled.size();
        if (batch.correction) {
            transfers += batch.correction->removed.size();
            sampled += batch.correction->removed_sampled.size();
        }
        ++expected["batches"];
        expected["transfers"] += transfers;
        expected["sampled counts"] += sampled;
        expected["cursor positions"] += batch.cursors.size();
        expected["losses"] += batch.losses.size();
        LedgerFacts::Day& booked = days[some_day + Duration::hours(24 * day)];
        ++booked.batches;
        booked.transfers += transfers;
        for (const Transfer& t : batch.transfers) {
            first = std::min(first, t.bucket);
            last = std::max(last, t.bucket);
        }
    };
    for (std::uint64_t i = 1; i <= 20; ++i) commit(random_batch(i, 1, 30), static_cast<int>(i / 6));
    commit(correction_of(random_batch(3, 1, 30), 1000), 9);

    const LedgerFacts facts = this->facts();
    const auto rows = this->by_kind(facts);
    for (const auto& [kind, number] : expected) {
        EXPECT_GT(number, 0U) << kind;
        EXPECT_EQ(rows.at(kind), number) << kind;
    }
    EXPECT_GT(rows.at("parties"), 0U);
    EXPECT_GT(rows.at("translations"), 0U);
    ASSERT_EQ(facts.days.size(), days.size());
    auto day = days.begin();
    for (const LedgerFacts::Day& found : facts.days) {
        EXPECT_EQ(found.begin, day->first);
        EXPECT_EQ(found.batches, day->second.batches);
        EXPECT_EQ(found.transfers, day->second.transfers);
        ++day;
    }
    EXPECT_EQ(facts.first_bucket, first);
    EXPECT_EQ(facts.last_bucket, last);
    EXPECT_EQ(facts.chains, 1U);
    EXPECT_GT(facts.octets, 0U);
    EXPECT_LE(facts.free_octets, facts.octets);
}

// Of compacted batches only the current cursors are left.
TYPED_TEST_P(FactsConformance, CountsWhatACompactionHasLeft) {
    std::uint64_t left = 0;
    for (std::uint64_t i = 1; i <= 6; ++i) {
        Batch batch = random_batch(i, 1, 30);
        batch.meter.name = "eth0";
        batch.cursors = {{"same", "p", i, ""}, {"file:" + std::to_string(i), "p", 1, ""}};
        // The cursor "same" of the last one; each file is current.
        left += i < 6 ? 1U : 2U;
        this->commit(batch);
    }
    const UtcTime later = some_day + Duration::hours(48);
    const auto done = this->ledger_.maintenance().compact({.fine_before = later}, later, {});
    ASSERT_TRUE(done) << done.error().text;
    const auto rows = this->by_kind(this->facts());
    EXPECT_EQ(rows.at("transfers"), 0U);
    EXPECT_EQ(rows.at("sampled counts"), 0U);
    EXPECT_EQ(rows.at("cursor positions"), left);
    EXPECT_EQ(rows.at("sums by hour or day"), done->added);
}

REGISTER_TYPED_TEST_SUITE_P(FactsConformance, AnEmptyLedgerHasNoTraffic, CountsRowsAndDays,
                            CountsWhatACompactionHasLeft);

}  // namespace octroi::testing
