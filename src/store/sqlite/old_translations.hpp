// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NAT translations of compacted batches. Those that are over are deleted. The record of each
// compaction has a digest of those of all compacted batches that stay. Specification:
// docs/format/chain.md, "Kept translations".

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/compaction.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/translations.hpp"

namespace octroi::sqlite {

class OldTranslations {
public:
    // False: stop. Asked now and then.
    using GoOn = std::function<bool()>;

    // runs: as compacted_runs(). at: of the last compaction. The database must outlive it.
    OldTranslations(const Database& db, std::vector<CompactedRun> runs, UtcTime at)
        : db_(&db), runs_(std::move(runs)), at_(at) {}
    // As the ledger is now.
    [[nodiscard]] static Result<OldTranslations> of(const Database& db);

    // A compaction that is going to be recorded, at the time `at`. Later calls of digest() read
    // again only what it changes.
    [[nodiscard]] Status add(const CompactedRun& run);
    // Of those that stay, as compacted batches have them: an end that no compacted batch has
    // reported is not there. After a stop: nothing that counts. Error: corrupt (an address is
    // damaged).
    [[nodiscard]] Result<ListDigest> digest(const GoOn& go_on);
    // The rows that are over, of the runs that were read since the last call.
    struct OverRow {
        std::int64_t rowid = 0;
        std::int64_t opened = 0;
        std::int64_t closed = 0;  // 0: not
        UtcTime begin;
    };
    [[nodiscard]] std::vector<OverRow> rows_over() { return std::exchange(over_, {}); }
    // Whether it is over: compacted batches have reported its begin and, before the last
    // compaction, its end or the begin of a later one with the same key. A batch that is not
    // compacted must not have reported its end.
    [[nodiscard]] Result<bool> is_over(const TranslationRow& row);
    // Whether a batch behind this number has reported the end of one that would be over without it.
    [[nodiscard]] Result<bool> was_ended_over(std::int64_t batch);

private:
    [[nodiscard]] Status prepare();
    [[nodiscard]] Result<ListDigest> digest_of(const CompactedRun& run, const GoOn& go_on);
    // Calls visit(row), which returns a Status, for each row that the statement finds.
    template <typename Visit>
    [[nodiscard]] Status read_rows(Statement& find, const CompactedRun& run, Visit visit);
    // The same for the rows that batches of the run have opened, and those that they have closed,
    // but no compacted batch opened.
    template <typename Visit>
    [[nodiscard]] Status read(const CompactedRun& run, Visit visit);
    // The digests of the runs with the batches that the statement finds are not valid any more.
    [[nodiscard]] Status invalidate(const std::string& batches_sql, const CompactedRun& run);
    // The latest begin, before the last compaction, of the rows of the same mapping that compacted
    // batches opened. Reads the rows behind it: those of batches that are not compacted.
    [[nodiscard]] Result<UtcTime> newest_begin(const TranslationRow& row);
    [[nodiscard]] bool is_compacted(std::int64_t batch) const {
        return run_of(runs_, batch) != nullptr;
    }

    const Database* db_;
    std::vector<CompactedRun> runs_;
    UtcTime at_;
    std::map<std::int64_t, ListDigest> digests_;  // of runs, by first batch
    std::vector<OverRow> over_;
    // Of newest_begin(), by the mapping. One sender can report any number of begins of one mapping;
    // without it, each of its rows would read all of them.
    std::map<Translation, UtcTime> newest_begins_;
    bool ready_ = false;
    Statement opened_;
    Statement closed_;
    Statement newest_;
};

}  // namespace octroi::sqlite
