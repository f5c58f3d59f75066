// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NAT translations of compacted batches. Those of which compacted batches reported begin and end
// are deleted. The record of the last compaction has a digest of those that stay. Specification:
// docs/format/chain.md.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ledger/compaction.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

class OldTranslations {
public:
    // runs: as compacted_runs(), with the compaction that is about to be recorded. at: of the last
    // compaction. The database must outlive it.
    OldTranslations(const Database& db, std::vector<CompactedRun> runs, UtcTime at)
        : db_(db), runs_(std::move(runs)), at_(at) {}

    // Of those that stay, as compacted batches have them: an end that no compacted batch has
    // reported is not there. Error: corrupt (an address is damaged).
    [[nodiscard]] Result<ListDigest> kept();
    // Deletes at most so many translations of which the run has the begin or the end. Returns how
    // many. Within a write transaction.
    [[nodiscard]] Result<std::int64_t> remove_some(const CompactedRun& run, std::size_t most);

private:
    struct Row {
        std::int64_t rowid = 0;
        Translation translation;
        std::int64_t opened = 0;
        std::int64_t closed = 0;  // 0: not
        bool is_readable = false;
        bool is_of_end = false;  // the run has reported its end, not its begin
    };
    // False: enough.
    using Sink = std::function<Result<bool>(const Row&)>;
    [[nodiscard]] Status prepare();
    // The rows that batches of the run have opened or closed.
    [[nodiscard]] Status read(const CompactedRun& run, const Sink& sink);
    [[nodiscard]] bool has_ended(std::int64_t opened, std::int64_t closed, UtcTime end) const;
    [[nodiscard]] Result<bool> is_removed(const Row& row);
    [[nodiscard]] bool is_compacted(std::int64_t batch) const {
        return run_of(runs_, batch) != nullptr;
    }

    const Database& db_;
    std::vector<CompactedRun> runs_;
    UtcTime at_;
    bool ready_ = false;
    Statement opened_;
    Statement closed_;
    Statement earlier_;
};

// As the ledger is now.
[[nodiscard]] Result<OldTranslations> old_translations(const Database& db);

}  // namespace octroi::sqlite
