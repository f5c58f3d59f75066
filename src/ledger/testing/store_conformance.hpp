// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What every store must do, as a type-parameterized suite of GoogleTest. The test of a store
// defines a fixture and instantiates the suite:
//
//     struct MyLedger {                       // a new, empty ledger; the destructor removes it
//         Store& store();
//         DirectoryStore& directory_store();
//         IdentityStore& identities();
//         Query& query();
//         Maintenance& maintenance();
//         void reopen();                      // closes and opens it, like a restarted process
//     };
//     INSTANTIATE_TYPED_TEST_SUITE_P(My, StoreConformance, MyLedger);

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/audit.hpp"
#include "ledger/chain.hpp"
#include "ledger/directory_store.hpp"
#include "ledger/maintenance.hpp"
#include "ledger/query.hpp"
#include "ledger/rules.hpp"
#include "ledger/store.hpp"
#include "ledger/testing/batches.hpp"
#include "ledger/testing/naive_sums.hpp"

namespace octroi::testing {

template <typename Fixture>
class StoreConformance : public ::testing::Test {
protected:
    Fixture ledger_;

    // "committed", "already", or the error's code and text.
    std::string commit(const Batch& batch) {
        const auto outcome = ledger_.store().commit(batch);
        if (outcome) return *outcome == CommitOutcome::committed ? "committed" : "already";
        switch (outcome.error().code) {
            case ErrorCode::exists:
                return "exists";
            case ErrorCode::invalid:
                return "invalid";
            case ErrorCode::conflict:
                return "conflict";
            default:
                return "failed: " + outcome.error().text;
        }
    }
    std::vector<StoredBatch> batches() {
        std::vector<StoredBatch> all;
        const auto status = ledger_.query().each_batch([&](const StoredBatch& stored) -> Status {
            all.push_back(stored);
            return {};
        });
        EXPECT_TRUE(status) << status.error().text;
        return all;
    }
    std::vector<TransferSum> sums(const SumQuestion& question) {
        const auto sums = ledger_.query().sums(question);
        EXPECT_TRUE(sums) << sums.error().text;
        return sums.value_or(std::vector<TransferSum>{});
    }
    void expect_holds(std::size_t batches) {
        const auto report = audit(ledger_.query());
        ASSERT_TRUE(report) << report.error().text;
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
        EXPECT_EQ(report->batches, batches);
    }
    // Of all layers.
    std::vector<Batch> commit_random_batches(std::uint64_t batches, std::size_t rows) {
        std::vector<Batch> committed;
        for (std::uint64_t seed = 1; seed <= batches; ++seed) {
            Batch batch = random_batch(seed, 1, rows);
            if (seed % 3 == 0) batch.meter.layer = layers[seed % 2];
            EXPECT_EQ(commit(batch), "committed");
            committed.push_back(std::move(batch));
        }
        return committed;
    }
    // The current cursor of one source.
    std::optional<Cursor> cursor(const std::string& meter, const std::string& source) {
        const auto cursors = ledger_.store().cursors(source);
        EXPECT_TRUE(cursors) << cursors.error().text;
        if (!cursors) return std::nullopt;
        for (const auto& [name, cursor] : *cursors)
            if (name == meter && cursor.source == source) return cursor;
        return std::nullopt;
    }
    std::string apply(const DirectoryStore::Change& change) {
        const auto changed = ledger_.directory_store().apply(change, some_day);
        if (!changed) return changed.error().text;
        return *changed ? "changed" : "same";
    }
};
TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, KeepsWhatWasCommitted) {
    std::string previous = zero_hash();
    std::vector<Batch> committed;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        committed.push_back(random_batch(seed, 1, 50));
        ASSERT_EQ(this->commit(committed.back()), "committed");
    }
    this->ledger_.reopen();
    const auto stored = this->batches();
    ASSERT_EQ(stored.size(), committed.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
        EXPECT_EQ(stored[i].damage, "");
        EXPECT_EQ(stored[i].number, i + 1);
        EXPECT_EQ(stored[i].sequence, i + 1) << "one process has one chain";
        EXPECT_EQ(stored[i].writer, stored[0].writer);
        EXPECT_EQ(stored[i].previous_hash, previous);
        // The hash covers every field, so equal hashes mean equal batches. It is computed here, not
        // by the store.
        EXPECT_EQ(stored[i].digests, digests(canonical(committed[i])));
        EXPECT_EQ(digests(canonical(stored[i].batch)), stored[i].digests);
        EXPECT_EQ(stored[i].hash,
                  batch_hash(stored[i].writer, i + 1, previous, committed[i], stored[i].digests));
        EXPECT_EQ(stored[i].batch.transfers.size(), committed[i].transfers.size());
        EXPECT_GT(committed[i].sampled.size(), 0U);
        EXPECT_EQ(stored[i].batch.sampled.size(), committed[i].sampled.size());
        EXPECT_EQ(stored[i].batch.translations.size(), committed[i].translations.size());
        EXPECT_EQ(stored[i].batch.observed, committed[i].observed);
        previous = stored[i].hash;
    }
    this->expect_holds(5);
}

TYPED_TEST_P(StoreConformance, KeepsCorrectionsAndSumsWhatTheyMove) {
    Batch first = random_batch(1, 1, 80);
    first.meter.role = MeterRole::bill;
    ASSERT_EQ(this->commit(first), "committed");
    const SumQuestion all{.period = {bucket_at(0), bucket_at(100)},
                          .by_bucket = true,
                          .by_identity = true,
                          .by_service = true,
                          .estimates = true};
    const auto before = this->sums(all);
    const Batch moved = correction_of(first, 100);
    ASSERT_FALSE(moved.transfers.empty());
    ASSERT_FALSE(moved.sampled.empty());
    ASSERT_EQ(this->commit(moved), "committed");
    EXPECT_EQ(this->commit(moved), "already");
    EXPECT_EQ(this->commit(renumbered(moved)), "already");
    const auto after = this->sums(all);
    EXPECT_EQ(after.size(), before.size()) << "sums of nothing are left out";
    Volume whole_before;
    Volume whole_after;
    for (const TransferSum& sum : before) whole_before += sum.volume;
    for (const TransferSum& sum : after) {
        whole_after += sum.volume;
        for (const Party* end : {&sum.from, &sum.to})
            EXPECT_TRUE(end->kind != PartyKind::account || end->name.ends_with("-new"))
                << end->name;
    }
    EXPECT_EQ(whole_after, whole_before);
    SumQuestion observed = all;
    observed.observed_only = true;
    EXPECT_EQ(this->sums(observed), before) << "without corrections";
    ASSERT_EQ(this->commit(correction_of(first, 101, true)), "committed");
    EXPECT_EQ(this->sums(all), before) << "estimates too";
    const auto stored = this->batches();
    ASSERT_EQ(stored.size(), 3U);
    EXPECT_EQ(stored[1].batch.kind(), BatchKind::correction);
    EXPECT_EQ(stored[1].batch.correction->reason, moved.correction->reason);
    EXPECT_EQ(stored[1].digests, digests(canonical(moved)));
    EXPECT_EQ(digests(canonical(stored[1].batch)), stored[1].digests);
    this->expect_holds(3);
}

TYPED_TEST_P(StoreConformance, SumsByVersionsAndKindsOfMeters) {
    const auto batch_of = [](std::uint64_t id, const char* kind, const char* classes,
                             std::uint64_t directory, std::uint64_t bytes) {
        Batch batch =
            BatchBuilder(id).transfer(0, account("a"), outside("x"), "web", bytes).build();
        batch.meter.kind = kind;
        batch.class_version = classes;
        batch.directory_version = directory;
        return batch;
    };
    ASSERT_EQ(this->commit(batch_of(1, "capture", "aa", 0, 1)), "committed");
    ASSERT_EQ(this->commit(batch_of(2, "capture", "aa", 0, 2)), "committed");
    ASSERT_EQ(this->commit(batch_of(3, "capture", "", 0, 4)), "committed");
    ASSERT_EQ(this->commit(batch_of(4, "collector", "", 7, 8)), "committed");
    const SumQuestion question{.period = {bucket_at(0), bucket_at(1)},
                               .by_meter = true,
                               .observed_only = true,
                               .by_meter_kind = true,
                               .by_versions = true};
    using Found = std::tuple<std::string, std::string, std::uint64_t, std::uint64_t>;
    std::vector<Found> found;
    for (const TransferSum& s : this->sums(question))
        found.emplace_back(s.meter_kind, s.class_version, s.directory_version,
                           s.volume.bytes.value());
    const std::vector<Found> expected = {
        {"capture", "", 0, 4}, {"capture", "aa", 0, 3}, {"collector", "", 7, 8}};
    EXPECT_EQ(found, expected);
}

TYPED_TEST_P(StoreConformance, KeepsLayersApart) {
    const auto batch_of = [](std::uint64_t id, Layer layer, std::uint64_t bytes) {
        Batch batch =
            BatchBuilder(id).transfer(0, account("a"), outside("x"), "web", bytes).build();
        batch.meter.layer = layer;
        return batch;
    };
    ASSERT_EQ(this->commit(batch_of(1, Layer::application, 700)), "committed");
    ASSERT_EQ(this->commit(batch_of(2, Layer::ip, 1000)), "committed");
    ASSERT_EQ(this->commit(batch_of(3, Layer::ip, 30)), "committed");
    SumQuestion question{.period = {bucket_at(0), bucket_at(1)}};
    const auto both = this->sums(question);
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].layer, Layer::ip);
    EXPECT_EQ(both[0].volume.bytes.value(), 1030U);
    EXPECT_EQ(both[1].layer, Layer::application);
    EXPECT_EQ(both[1].volume.bytes.value(), 700U);
    question.layer = Layer::application;
    const auto one = this->sums(question);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0], both[1]);
    this->expect_holds(3);
}

TYPED_TEST_P(StoreConformance, CommitsOnce) {
    const Batch batch = random_batch(7, 1, 40);
    EXPECT_EQ(this->commit(batch), "committed");
    EXPECT_EQ(this->commit(batch), "already");
    // With other numbers for names it is the same batch.
    EXPECT_EQ(this->commit(renumbered(batch)), "already");
    EXPECT_EQ(this->commit(random_batch(8, 1, 10)), "committed");
    this->ledger_.reopen();
    EXPECT_EQ(this->commit(batch), "already");
    EXPECT_EQ(this->batches().size(), 2U);
    this->expect_holds(2);
}

TYPED_TEST_P(StoreConformance, RefusesOtherContentUnderTheSameId) {
    const Batch batch = BatchBuilder(1).transfer(0, account("a"), outside("x"), "web", 10).build();
    ASSERT_EQ(this->commit(batch), "committed");
    Batch other = batch;
    other.booked_at = other.booked_at + Duration::seconds(1);
    EXPECT_EQ(this->commit(other), "exists");
    // The id is looked up before the content is checked.
    other.observed = {};
    EXPECT_EQ(this->commit(other), "exists");
    this->expect_holds(1);
}

TYPED_TEST_P(StoreConformance, RefusesAnInvalidBatchAndAcceptsItCorrected) {
    const Batch good = BatchBuilder(1)
                           .transfer(0, account("a"), outside("x"), "web", 10)
                           .cursor("file:1", "p", 1)
                           .build();
    Batch bad = good;
    bad.observed += Volume{Bytes{1}, Packets{}, Flows{}};
    EXPECT_EQ(this->commit(bad), "invalid");
    EXPECT_TRUE(this->batches().empty());
    EXPECT_FALSE(this->cursor("eth0", "file:1"));
    EXPECT_EQ(this->commit(good), "committed");
    this->expect_holds(1);
}

TYPED_TEST_P(StoreConformance, RefusesACursorThatAnotherProcessMoved) {
    const auto batch = [](std::uint64_t id, std::uint64_t version) {
        return BatchBuilder(id)
            .transfer(0, account("new" + std::to_string(id)), outside("x"), "web", id)
            .cursor("file:1", "at " + std::to_string(version), version)
            .build();
    };
    EXPECT_EQ(this->commit(batch(1, 2)), "conflict");
    EXPECT_EQ(this->commit(batch(2, 1)), "committed");
    EXPECT_EQ(this->commit(batch(3, 1)), "conflict");
    EXPECT_EQ(this->commit(batch(4, 3)), "conflict");
    EXPECT_EQ(this->commit(batch(5, 2)), "committed");
    const auto cursor = this->cursor("eth0", "file:1");
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor->position, "at 2");
    EXPECT_EQ(cursor->version, 2U);
    EXPECT_FALSE(this->cursor("eth1", "file:1"));
    this->expect_holds(2);
}

// Whichever meter reads it: two that begin at the same time, one that has a new name.
TYPED_TEST_P(StoreConformance, CountsAContentSourceOnceForAllMeters) {
    const auto batch = [](std::uint64_t id, const std::string& meter, const std::string& source,
                          std::uint64_t version) {
        return BatchBuilder(id, meter)
            .transfer(0, account("a"), outside("x"), "web", id)
            .cursor(source, meter, version)
            .build();
    };
    EXPECT_EQ(this->commit(batch(1, "one", "file:1", 1)), "committed");
    const auto second = this->ledger_.store().commit(batch(2, "two", "file:1", 1));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_NE(second.error().text.find("meter 'one'"), std::string::npos) << second.error().text;
    EXPECT_EQ(this->commit(batch(3, "one", "journal:1", 1)), "committed");
    EXPECT_EQ(this->commit(batch(4, "renamed", "journal:1", 2)), "committed");
    EXPECT_EQ(this->commit(batch(5, "one", "journal:1", 2)), "conflict");
    EXPECT_EQ(this->commit(batch(6, "one", "journal:1", 3)), "committed");
    // Other sources are the meter's own.
    EXPECT_EQ(this->commit(batch(7, "one", "interface:eth0", 1)), "committed");
    EXPECT_EQ(this->commit(batch(8, "two", "interface:eth0", 1)), "committed");
    this->expect_holds(6);
}

TYPED_TEST_P(StoreConformance, HasAnIdOfItsOwn) {
    const auto id = this->ledger_.store().ledger_id();
    ASSERT_TRUE(id);
    EXPECT_EQ(id->size(), 32U);
    EXPECT_EQ(*this->ledger_.store().ledger_id(), *id);
    TypeParam other;
    EXPECT_NE(*other.store().ledger_id(), *id);
}

TYPED_TEST_P(StoreConformance, FindsCursorsByPrefixOfTheirSource) {
    const std::string binary("\0\xff\n'", 4);
    ASSERT_EQ(this->commit(BatchBuilder(1, "b").cursor("file:aa", binary, 1).build()), "committed");
    ASSERT_EQ(this->commit(BatchBuilder(2, "a")
                               .cursor("file:ab", "2", 1)
                               .cursor("file:aa", "3", 2)
                               .cursor("filf", "4", 1)
                               .cursor("fil", "5", 1)
                               .build()),
              "committed");
    const auto found = this->ledger_.store().cursors("file:");
    ASSERT_TRUE(found);
    std::vector<std::string> seen;
    for (const auto& [meter, cursor] : *found) seen.push_back(meter + " " + cursor.source);
    EXPECT_EQ(seen, (std::vector<std::string>{"a file:aa", "a file:ab", "b file:aa"}));
    EXPECT_EQ(found->back().cursor.position, binary);
    EXPECT_EQ(this->ledger_.store().cursors("")->size(), 5U);
    EXPECT_TRUE(this->ledger_.store().cursors("g")->empty());
}

TYPED_TEST_P(StoreConformance, SumsLikeANaiveLoop) {
    const std::vector<Batch> committed = this->commit_random_batches(8, 60);
    for (unsigned mask = 0; mask < 256; ++mask) {
        SumQuestion question;
        question.by_bucket = (mask & 1U) != 0;
        question.by_meter = (mask & 2U) != 0;
        question.by_identity = (mask & 4U) != 0;
        question.by_service = (mask & 8U) != 0;
        // Begins and ends within batches; the end is not at the start of a bucket.
        if ((mask & 16U) != 0) question.period = {bucket_at(3), bucket_at(7) + Duration{1}};
        if ((mask & 32U) != 0) question.role = MeterRole::bill;
        if ((mask & 64U) != 0) question.meter = "eth0";
        question.estimates = (mask & 128U) != 0;
        EXPECT_EQ(this->sums(question), naive_sums(committed, question)) << "mask " << mask;
    }
}

TYPED_TEST_P(StoreConformance, FiltersLikeANaiveLoop) {
    const std::vector<Batch> committed = this->commit_random_batches(8, 60);
    std::size_t found = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        std::mt19937_64 random(seed);
        const SumQuestion question = random_question(random);
        const auto sums = this->sums(question);
        EXPECT_EQ(sums, naive_sums(committed, question)) << "seed " << seed;
        found += sums.empty() ? 0 : 1;
    }
    EXPECT_GT(found, 300U) << "most questions must have an answer";
}

TYPED_TEST_P(StoreConformance, NamesThatTheLedgerDoesNotHaveSelectNothing) {
    (void)this->commit_random_batches(2, 30);
    EXPECT_TRUE(this->sums({.ends = {"nobody"}}).empty());
    EXPECT_TRUE(this->sums({.ends = {"@excluded/nothing"}}).empty());
    EXPECT_TRUE(this->sums({.ends = {"@transit"}}).empty());
    EXPECT_TRUE(this->sums({.identity = "192.0.2.1"}).empty());
    EXPECT_TRUE(this->sums({.services = {"nothing"}}).empty());
    EXPECT_TRUE(this->sums({.services = {""}}).empty());
    EXPECT_FALSE(this->sums({.ends = {"nobody", "domestic"}, .services = {"", "web"}}).empty());
}

TYPED_TEST_P(StoreConformance, ListsServicesAndFindsTheFirstBucket) {
    EXPECT_TRUE(this->ledger_.query().services()->empty());
    EXPECT_FALSE(*this->ledger_.query().first_bucket());
    ASSERT_EQ(this->commit(BatchBuilder(1).cursor("file:1", "1", 1).build()), "committed");
    EXPECT_FALSE(*this->ledger_.query().first_bucket()) << "a batch without transfers";
    const auto commit_at = [&](std::uint64_t id, int bucket, const std::string& service) {
        ASSERT_EQ(this->commit(BatchBuilder(id)
                                   .transfer(bucket, account("a"), outside("x"), service, 1)
                                   .transfer(bucket + 9, account("a"), outside("x"), "web", 1)
                                   .build()),
                  "committed");
    };
    commit_at(2, 5, "web");
    EXPECT_EQ(*this->ledger_.query().first_bucket(), bucket_at(5));
    commit_at(3, -7, "dns");
    commit_at(4, 2, "ssh");
    EXPECT_EQ(*this->ledger_.query().first_bucket(), bucket_at(-7));
    EXPECT_EQ(*this->ledger_.query().services(), (std::vector<std::string>{"dns", "ssh", "web"}));
}

TYPED_TEST_P(StoreConformance, AMeterWithAChangedKindIsOneMeter) {
    Batch batch = BatchBuilder(1).transfer(0, account("a"), outside("x"), "web", 10).build();
    ASSERT_EQ(this->commit(batch), "committed");
    batch.id = batch_id(2);
    batch.meter.kind = "ebpf";
    ASSERT_EQ(this->commit(batch), "committed");
    const auto sums = this->sums({.by_meter = true});
    ASSERT_EQ(sums.size(), 1U);
    EXPECT_EQ(sums[0].volume.bytes.value(), 20U);
    EXPECT_EQ(this->ledger_.query().meters()->at(0).meter.kind, "ebpf");
}

TYPED_TEST_P(StoreConformance, KeepsTheGreatestFiguresAndSumsThem) {
    for (std::uint64_t id = 1; id <= 3; ++id)
        ASSERT_EQ(this->commit(BatchBuilder(id)
                                   .transfer(0, account("a"), outside("x"), "web", figure_max, 2, 3)
                                   .build()),
                  "committed");
    // No question and no audit fails because of forged figures. A figure above 64 bits is shown as
    // the highest value.
    const auto sums = this->sums({});
    ASSERT_EQ(sums.size(), 1U);
    EXPECT_EQ(sums[0].volume, (Volume{Bytes(UINT64_MAX), Packets(6), Flows(9)}));
    this->expect_holds(3);
    EXPECT_EQ(this->batches().back().batch.observed.bytes.value(), figure_max);
    // The state of a meter is still shown.
    const auto meters = this->ledger_.query().meters();
    ASSERT_TRUE(meters) << meters.error().text;
    EXPECT_EQ(meters->at(0).volume, (Volume{Bytes(UINT64_MAX), Packets(6), Flows(9)}));
}

TYPED_TEST_P(StoreConformance, ListsMetersAndLosses) {
    const Loss bounded{"eth0", LossReason::kernel_drop, {bucket_at(1), bucket_at(2)}, 5, 7500};
    const Loss open{"eth0", LossReason::not_running, {bucket_at(4), bucket_at(6)}, {}, {}};
    ASSERT_EQ(this->commit(BatchBuilder(1)
                               .transfer(2, account("a"), outside("x"), "web", 10)
                               .cursor("interface:eth0", "1", 1)
                               .loss(bounded)
                               .build()),
              "committed");
    ASSERT_EQ(this->commit(BatchBuilder(2, "eth0", MeterRole::witness)
                               .transfer(1, account("a"), outside("x"), "web", 32)
                               .cursor("interface:eth0", "2", 2)
                               .loss(open)
                               .build()),
              "committed");
    const auto meters = this->ledger_.query().meters();
    ASSERT_TRUE(meters) << meters.error().text;
    ASSERT_EQ(meters->size(), 1U);
    const MeterState& state = meters->front();
    EXPECT_EQ(state.meter, (MeterName{"eth0", "capture", MeterRole::witness}));
    EXPECT_EQ(state.batches, 2U);
    EXPECT_EQ(state.volume, (Volume{Bytes{42}, Packets{2}, Flows{2}}));
    EXPECT_EQ(state.last_traffic, bucket_at(2) + Duration::seconds(7));
    EXPECT_EQ(state.last_booked, some_day + Duration::seconds(2));
    EXPECT_EQ(state.losses, 2U);
    EXPECT_EQ(state.lost_packets, 5U);
    ASSERT_EQ(state.cursors.size(), 1U);
    EXPECT_EQ(state.cursors.front().position, "2");

    const auto count = [&](UtcTime begin, UtcTime end) {
        return this->ledger_.query().losses({begin, end})->size();
    };
    EXPECT_EQ(count(bucket_at(0), bucket_at(9)), 2U);
    EXPECT_EQ(count(bucket_at(2), bucket_at(4)), 0U);
    EXPECT_EQ(count(bucket_at(5), bucket_at(6)), 1U);
    const auto losses = this->ledger_.query().losses({});
    ASSERT_TRUE(losses);
    EXPECT_EQ(losses->at(0).loss, bounded);
    EXPECT_EQ(losses->at(1).loss, open);
}

TYPED_TEST_P(StoreConformance, EndsAWalkWithTheErrorOfTheVisitor) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
        ASSERT_EQ(this->commit(random_batch(seed, 1, 5)), "committed");
    int visited = 0;
    const auto status = this->ledger_.query().each_batch([&](const StoredBatch&) -> Status {
        if (++visited == 2) return fail(ErrorCode::interrupted, "enough");
        return {};
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::interrupted);
    EXPECT_EQ(visited, 2);
    EXPECT_EQ(this->commit(random_batch(4, 1, 5)), "committed");
}

REGISTER_TYPED_TEST_SUITE_P(StoreConformance, KeepsWhatWasCommitted,
                            KeepsCorrectionsAndSumsWhatTheyMove, SumsByVersionsAndKindsOfMeters,
                            KeepsLayersApart, CommitsOnce, RefusesOtherContentUnderTheSameId,
                            RefusesAnInvalidBatchAndAcceptsItCorrected,
                            RefusesACursorThatAnotherProcessMoved,
                            CountsAContentSourceOnceForAllMeters, HasAnIdOfItsOwn,
                            FindsCursorsByPrefixOfTheirSource, SumsLikeANaiveLoop,
                            FiltersLikeANaiveLoop, NamesThatTheLedgerDoesNotHaveSelectNothing,
                            ListsServicesAndFindsTheFirstBucket, AMeterWithAChangedKindIsOneMeter,
                            KeepsTheGreatestFiguresAndSumsThem, ListsMetersAndLosses,
                            EndsAWalkWithTheErrorOfTheVisitor);

}  // namespace octroi::testing
