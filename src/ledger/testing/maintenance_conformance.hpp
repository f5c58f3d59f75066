// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The second part of what every store must do: anchors and retention. Uses the fixture of
// store_conformance.hpp:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(My, MaintenanceConformance, MyLedger);

#include <string>
#include <vector>

#include "ledger/testing/store_conformance.hpp"

namespace octroi::testing {

template <typename Fixture>
class MaintenanceConformance : public StoreConformance<Fixture> {};
TYPED_TEST_SUITE_P(MaintenanceConformance);

TYPED_TEST_P(MaintenanceConformance, KeepsAnchorsOfAllChains) {
    EXPECT_FALSE(*this->ledger_.maintenance().anchor(AnchorReason::demand, some_day))
        << "there is nothing to hold";
    const auto commit_on = [&](std::uint64_t id, int day) {
        Batch batch = random_batch(id, 1, 5);
        batch.booked_at = some_day + Duration::hours(24 * day);
        ASSERT_EQ(this->commit(batch), "committed");
    };
    commit_on(1, 0);
    commit_on(2, 0);
    const auto before = *this->ledger_.query().heads();
    commit_on(3, 1);  // makes a daily anchor, without itself
    commit_on(4, 1);
    EXPECT_TRUE(
        *this->ledger_.maintenance().anchor(AnchorReason::demand, some_day + Duration::hours(30)));
    EXPECT_FALSE(
        *this->ledger_.maintenance().anchor(AnchorReason::demand, some_day + Duration::hours(31)));
    EXPECT_EQ(this->apply({.put_accounts = {{"a", "", ""}}}), "changed");
    EXPECT_TRUE(*this->ledger_.maintenance().anchor(AnchorReason::statement,
                                                    some_day + Duration::hours(32)));
    this->ledger_.reopen();
    std::vector<Anchor> anchors;
    std::string previous = zero_hash();
    ASSERT_TRUE(this->ledger_.query().each_anchor([&](const StoredAnchor& stored) -> Status {
        EXPECT_EQ(stored.damage, "");
        EXPECT_EQ(stored.previous_hash, previous);
        EXPECT_EQ(stored.hash, anchor_hash(previous, stored.anchor));
        previous = stored.hash;
        anchors.push_back(stored.anchor);
        return {};
    }));
    ASSERT_EQ(anchors.size(), 3U);
    EXPECT_EQ(anchors[0].heads, before);
    EXPECT_EQ(anchors[0].at, some_day + Duration::hours(24));
    EXPECT_EQ(anchors[0].reason, AnchorReason::daily);
    EXPECT_EQ(batches_of(anchors[1].heads), 4U);
    ASSERT_EQ(anchors[2].heads.size(), 2U);
    EXPECT_EQ(anchors[2].heads[1].chain, ChainKind::directory);
    const auto heads = *this->ledger_.query().heads();
    ASSERT_EQ(heads.size(), 3U);
    EXPECT_EQ(heads.back(), (ChainHead{ChainKind::anchors, {}, 3, previous}));
    for (const ChainHead& head : heads)
        EXPECT_EQ(this->ledger_.query().link_hash(head).value(), head.hash);
    EXPECT_EQ(this->ledger_.query().link_hash({ChainKind::classes, {}, 1, ""}).value(),
              std::nullopt);
    this->expect_holds(4);
}

TYPED_TEST_P(MaintenanceConformance, AuditsOnlyWhatCameAfterAnAnchor) {
    for (std::uint64_t version = 1; version <= 4; ++version) {
        Batch batch = random_batch(version, 1, 20);
        batch.meter = {"eth0", "capture", MeterRole::bill};
        batch.cursors = {{"file:1", "p", version, ""}};
        batch.booked_at = some_day + Duration::hours(24 * (version < 4 ? 0 : 1));
        ASSERT_EQ(this->commit(batch), "committed");
    }
    Query& query = this->ledger_.query();
    EXPECT_EQ(*find_anchor(query, 2), std::nullopt);
    EXPECT_EQ(*find_anchor(query, some_day), std::nullopt);
    AuditOptions options{.since = *find_anchor(query, 1), .expected = {}, .progress = {}};
    ASSERT_TRUE(options.since);
    EXPECT_EQ(*find_anchor(query, some_day + Duration::hours(72)), options.since);
    const auto report = audit(query, options);
    ASSERT_TRUE(report) << report.error().text;
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    EXPECT_EQ(report->batches_trusted, 3U);
    EXPECT_EQ(report->batches, 1U);
    EXPECT_EQ(report->heads, *query.heads());
    // An anchor that is not of this ledger.
    options.since->heads[0].hash = std::string(hash_octets, '\1');
    EXPECT_FALSE(audit(query, options)->holds());
}

TYPED_TEST_P(MaintenanceConformance, AuditFindsThatKeptHeadsAreGone) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
        ASSERT_EQ(this->commit(random_batch(seed, 1, 5)), "committed");
    Query& query = this->ledger_.query();
    AuditOptions options{.since = {}, .expected = *query.heads(), .progress = {}};
    ASSERT_EQ(this->commit(random_batch(4, 1, 5)), "committed");
    EXPECT_TRUE(audit(query, options)->holds()) << "the chain has only grown";
    const ChainHead head = options.expected.at(0);
    const auto finding = [&](ChainHead kept) {
        options.expected = {std::move(kept)};
        const AuditReport report = *audit(query, options);
        if (report.findings.size() != 1) return fmt::format("{}", report.findings.size());
        EXPECT_EQ(report.findings[0].kind, FindingKind::expected);
        return report.findings[0].text;
    };
    EXPECT_EQ(finding(head), "0");
    ChainHead longer = head;
    longer.sequence = 5;
    EXPECT_NE(finding(longer).find("was cut off"), std::string::npos);
    ChainHead replaced = head;
    replaced.sequence = 2;
    EXPECT_NE(finding(replaced).find("was replaced"), std::string::npos);
    ChainHead gone = head;
    gone.writer.id.octets[0] ^= 1;
    EXPECT_NE(finding(gone).find("was cut off"), std::string::npos);
}

// Old batches are replaced by sums by hour and day. Whole days have the same answers, the audit
// still holds, and parts of an hour are gone.
TYPED_TEST_P(MaintenanceConformance, CompactsOldBatchesAndKeepsTheirSums) {
    Batch old = random_batch(1, 1, 60);
    old.meter.role = MeterRole::bill;
    ASSERT_EQ(this->commit(old), "committed");
    Batch later = random_batch(2, 1, 60);
    later.booked_at = later.booked_at + Duration::hours(48);
    ASSERT_EQ(this->commit(later), "committed");
    const SumQuestion day{.period = {some_day, some_day + Duration::hours(24)},
                          .by_meter = true,
                          .by_identity = true,
                          .by_service = true,
                          .estimates = true};
    SumQuestion part = day;
    part.period.begin = bucket_at(1);
    const auto before = this->sums(day);
    const auto heads = this->ledger_.query().heads();
    ASSERT_TRUE(heads);
    const UtcTime now = some_day + Duration::hours(72);
    int slices = 0;
    const auto pause = [&](const CompactionProgress&) { return ++slices > 0; };
    const auto hours = this->ledger_.maintenance().compact(
        {.fine_before = some_day + Duration::hours(24)}, now, pause);
    ASSERT_TRUE(hours) << hours.error().text;
    EXPECT_EQ(hours->batches, 1U);
    EXPECT_EQ(hours->removed, old.transfers.size());
    EXPECT_GT(slices, 0);
    EXPECT_EQ(this->sums(day), before);
    const auto gone = this->ledger_.query().sums(part);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::not_found);
    this->expect_holds(2);
    this->ledger_.reopen();
    ASSERT_TRUE(this->ledger_.maintenance().compact(
        {.hours_before = some_day + Duration::hours(24)}, now, {}));
    EXPECT_EQ(this->sums(day), before);
    this->expect_holds(2);
    // As of heads from before, the answer is the same.
    SumQuestion as_of = day;
    as_of.as_of.emplace();
    for (const ChainHead& head : *heads)
        if (head.chain == ChainKind::writer)
            as_of.as_of->push_back({head.writer, head.sequence, head.hash});
    Batch late = random_batch(3, 1, 60);
    late.booked_at = late.booked_at + Duration::hours(49);
    ASSERT_EQ(this->commit(late), "committed");
    EXPECT_NE(this->sums(day), before);
    EXPECT_EQ(this->sums(as_of), before);
    as_of.as_of->front().hash.front() ^= 1;
    EXPECT_FALSE(this->ledger_.query().sums(as_of)) << "not a head of this ledger";
    ASSERT_TRUE(this->ledger_.maintenance().rebuild_sums());
    this->expect_holds(3);
}

// A ledger of which everything was compacted goes on as if nothing was.
TYPED_TEST_P(MaintenanceConformance, GoesOnAfterEverythingWasCompacted) {
    const SumQuestion all{.period = {some_day, some_day + Duration::hours(24)},
                          .by_meter = true,
                          .by_identity = true,
                          .by_service = true,
                          .estimates = true};
    const UtcTime behind = some_day + Duration::hours(48);
    std::vector<Batch> committed;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        committed.push_back(random_batch(seed, 1, 40));
        ASSERT_EQ(this->commit(committed.back()), "committed");
        // Every second batch is added to a ledger without any transfer.
        if (seed % 2 == 0) {
            const auto done = this->ledger_.maintenance().compact(
                {.fine_before = behind, .hours_before = seed == 4 ? behind : UtcTime::min()},
                behind, {});
            ASSERT_TRUE(done) << done.error().text;
            EXPECT_EQ(done->batches, seed == 4 ? 6U : 2U);
        }
        ASSERT_EQ(this->sums(all), naive_sums(committed, all)) << seed;
        this->expect_holds(committed.size());
        this->ledger_.reopen();
    }
}

// A compaction does not go beyond an anchor.
TYPED_TEST_P(MaintenanceConformance, AnswersAsOfAnAnchorAfterACompaction) {
    const SumQuestion day{.period = {some_day, some_day + Duration::hours(24)},
                          .by_identity = true,
                          .by_service = true};
    std::vector<std::vector<TransferSum>> expected;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        Batch batch = random_batch(seed, 1, 40);
        batch.meter.role = MeterRole::bill;
        ASSERT_EQ(this->commit(batch), "committed");
        if (seed % 2 != 0) continue;
        expected.push_back(this->sums(day));
        ASSERT_TRUE(*this->ledger_.maintenance().anchor(AnchorReason::demand, batch.booked_at));
    }
    const UtcTime behind = some_day + Duration::hours(48);
    for (const Retention& retention :
         {Retention{.fine_before = behind}, Retention{.hours_before = behind}}) {
        ASSERT_TRUE(this->ledger_.maintenance().compact(retention, behind, {}));
        for (std::uint64_t number = 1; number <= 3; ++number) {
            const auto anchor = find_anchor(this->ledger_.query(), number);
            ASSERT_TRUE(anchor && *anchor);
            SumQuestion as_of = day;
            as_of.as_of.emplace();
            for (const ChainHead& head : (*anchor)->heads)
                if (head.chain == ChainKind::writer)
                    as_of.as_of->push_back({head.writer, head.sequence, head.hash});
            EXPECT_EQ(this->sums(as_of), expected[number - 1]) << number;
            const auto report =
                audit(this->ledger_.query(), {.since = *anchor, .expected = {}, .progress = {}});
            ASSERT_TRUE(report) << report.error().text;
            for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
        }
    }
}

// Cursors go with their batches, except for the current ones; translations do when both their begin
// and end are old. Anchors, which end compactions, make no difference.
TYPED_TEST_P(MaintenanceConformance, KeepsCurrentCursorsAndMappingsOfOldBatches) {
    const auto hour = [](int h) { return some_day + Duration::hours(h); };
    const Translation open = translation(1, 40000, {hour(0), UtcTime::max()});
    Translation ended = open;
    ended.valid.end = hour(26);
    const Translation next = translation(2, 40000, {hour(26), UtcTime::max()});
    // Its port was used before, and nobody reported the end of that.
    const Translation stale = translation(3, 40001, {hour(0), UtcTime::max()});
    const Translation newer = translation(4, 40001, {hour(1), hour(2)});
    const Translation far = translation(5, 40002, {hour(1), hour(24 * 365)});
    const Translation brief = translation(6, 40003, {hour(1), hour(2)});
    const auto commit_on = [&](int day, const std::vector<Translation>& translations,
                               const std::vector<Cursor>& cursors) {
        Batch batch = random_batch(static_cast<std::uint64_t>(day) + 1, 1, 10);
        batch.meter = {"flows", "collector", MeterRole::bill};
        batch.booked_at = hour(24 * day + 12);
        batch.translations = translations;
        batch.cursors = cursors;
        ASSERT_EQ(this->commit(batch), "committed");
    };
    commit_on(0, {open, stale, newer, far, brief},
              {{"file:idle", "end", 1, ""}, {"file:busy", "a", 1, ""}});
    commit_on(1, {ended, next}, {{"file:busy", "b", 2, ""}});
    commit_on(2, {}, {{"file:busy", "c", 3, ""}});
    const auto compact = [&](const Retention& retention, int day) {
        const auto done = this->ledger_.maintenance().compact(retention, hour(24 * day), {});
        ASSERT_TRUE(done) << done.error().text;
    };
    const auto translations_at = [&](std::uint16_t port, UtcTime at) {
        const auto found = this->ledger_.query().translations({open.outside, port, 6, at});
        EXPECT_TRUE(found) << found.error().text;
        return found.value_or(std::vector<Translation>{});
    };
    using List = std::vector<Translation>;
    const auto expect_kept = [&](std::size_t batches) {
        this->expect_holds(batches);
        EXPECT_EQ(this->cursor("flows", "file:idle"), (Cursor{"file:idle", "end", 1, ""}));
        EXPECT_EQ(this->cursor("flows", "file:busy")->version, batches);
        EXPECT_EQ(translations_at(40000, hour(30)), List{next});
        EXPECT_EQ(translations_at(40001, hour(3)), List{}) << "a newer mapping had ended it";
        EXPECT_EQ(translations_at(40002, hour(30)), List{far}) << "an end that nobody can know";
    };
    compact({.fine_before = hour(24)}, 10);
    expect_kept(3);
    EXPECT_EQ(translations_at(40000, hour(1)), List{ended}) << "its end is in a later batch";
    EXPECT_EQ(translations_at(40003, hour(1)), List{});
    compact({.fine_before = hour(48)}, 11);
    expect_kept(3);
    EXPECT_EQ(translations_at(40000, hour(1)), List{}) << "both batches are compacted";
    this->ledger_.reopen();
    compact({.hours_before = hour(48)}, 12);
    expect_kept(3);
    commit_on(3, {}, {{"file:busy", "d", 4, ""}});
    compact({.fine_before = hour(24 * 10), .hours_before = hour(24 * 10)}, 13);
    expect_kept(4);
    Batch again = random_batch(9, 1, 10);
    again.meter.name = "flows";
    again.cursors = {{"file:idle", "more", 2, ""}};
    again.booked_at = hour(24 * 5);
    EXPECT_EQ(this->commit(again), "committed");
    this->expect_holds(5);
}

REGISTER_TYPED_TEST_SUITE_P(MaintenanceConformance, KeepsAnchorsOfAllChains,
                            AuditsOnlyWhatCameAfterAnAnchor, AuditFindsThatKeptHeadsAreGone,
                            CompactsOldBatchesAndKeepsTheirSums, GoesOnAfterEverythingWasCompacted,
                            AnswersAsOfAnAnchorAfterACompaction,
                            KeepsCurrentCursorsAndMappingsOfOldBatches);

}  // namespace octroi::testing
