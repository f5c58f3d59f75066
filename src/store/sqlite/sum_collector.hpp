// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Filters rows of transfers, and sums them by the columns that a question groups by.

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/end_table.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sum_groups.hpp"

namespace octroi::sqlite {

// Row numbers of the database, and a bucket number.
struct SumRow {
    std::int64_t bucket = 0;
    std::int64_t meter = 0;
    std::int64_t from_party = 0;
    std::int64_t to_party = 0;
    std::int64_t service = 0;
    Figures figures;
    std::int64_t versions = 0;  // of SumCollector::versions(); 0: not grouped by
};

// The number of the first bucket that starts at or after t.
[[nodiscard]] std::int64_t first_bucket_from(UtcTime t) noexcept;

// A row of sums by holder: accounts and other names without identities.
struct HolderRow {
    std::int64_t bucket = 0;  // any one of those that were summed
    std::int64_t meter = 0;
    std::int64_t from = 0;  // holders
    std::int64_t to = 0;
    std::int64_t service = 0;
    Figures figures;
};

// A row of sums by day and end (table day_end).
struct EndRow {
    std::int64_t bucket = 0;
    std::int64_t meter = 0;
    std::int64_t near = 0;  // holder
    SumEnds ends = SumEnds::both;
    PartyKind far = PartyKind::outside;  // for SumEnds::both: kind of `near`
    Figures figures;
};

// The groups that a row was added to: two if it is in the sums of both ends. Valid until the next
// row.
using RowGroups = std::span<const GroupKey>;

class SumCollector {
public:
    // The database and the question must outlive it.
    SumCollector(const Database& db, const SumQuestion& question)
        : db_(db), question_(question), ends_(db, question) {}

    [[nodiscard]] Status prepare();
    // No row can match, so that none needs to be read.
    [[nodiscard]] bool selects_nothing() const {
        return ends_.selects_nothing() || (!question_.services.empty() && services_.empty());
    }

    // Adds a row of the period, and of a meter that the question selects. Returns its groups;
    // none: the filters do not select it. Fast if the buckets of rows ascend. Error:
    // corrupt.
    [[nodiscard]] Result<RowGroups> add(const SumRow& row);
    // The same for a question without identities.
    [[nodiscard]] Result<RowGroups> add(const HolderRow& row);
    // The same for a question by end.
    [[nodiscard]] Result<RowGroups> add(const EndRow& row);
    // The part of the figures of those groups that scaling added.
    void add_estimate(RowGroups groups, const SignedEstimate& estimate) {
        for (const GroupKey& group : groups) estimates_[group].add(estimate);
    }

    // The ends that the question selects, and what kind they are.
    [[nodiscard]] EndTable& ends() noexcept { return ends_; }
    // The versions that rows are grouped by.
    [[nodiscard]] Versions& versions() noexcept { return versions_; }
    // The time steps of the question, as the first bucket of each; empty: none.
    [[nodiscard]] const std::vector<std::int64_t>& steps() const noexcept { return steps_; }

    // The answer. Called once.
    [[nodiscard]] Result<std::vector<TransferSum>> finish() {
        return name_groups(db_, question_, ends_, std::move(groups_), estimates_, versions_);
    }

private:
    [[nodiscard]] Status find_services();
    // Adds to the group of these ends; `key` has the rest.
    void add_group(GroupKey key, std::int64_t from, std::int64_t to, const Figures& figures);
    // Adds the ends of a row of these holders by themselves.
    [[nodiscard]] Status add_ends(const GroupKey& key, std::int64_t from, std::int64_t to,
                                  const Figures& figures);
    void add_end(const GroupKey& key, std::int64_t near, SumEnds ends, PartyKind far,
                 const Figures& figures);
    // The number of the bucket's step.
    [[nodiscard]] std::int64_t step_of(std::int64_t bucket);

    const Database& db_;
    const SumQuestion& question_;
    EndTable ends_;
    NumberSet services_;               // that the question names
    std::vector<std::int64_t> steps_;  // the first bucket of each
    std::size_t step_ = 0;             // that of the bucket before
    Versions versions_;
    Groups groups_;
    Estimates estimates_;
    std::vector<GroupKey> added_;  // by the last row
};

}  // namespace octroi::sqlite
