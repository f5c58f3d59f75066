// SPDX-License-Identifier: GPL-3.0-or-later
// Visits everything that is stored, batch by batch. The directory: directory_walk.cpp.
#include <algorithm>

#include "store/sqlite/batch_reader.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::BatchReader;
using sqlite::Statement;

// Rows and batches that are read in one transaction: some 50 ms.
constexpr std::size_t slice_rows = 50'000;
constexpr std::size_t slice_batches = 2000;

// Visits some batches, and advances `left`. False: there are no more.
Result<bool> visit_slice(BatchReader& reader, Statement& batches, BatchRange& left,
                         const Query::BatchVisitor& visit) {
    std::size_t rows = 0;
    batches.bind(1, left.after);
    batches.bind(2, left.until);
    for (std::size_t count = 0; count < slice_batches && rows < slice_rows; ++count) {
        TRY_ASSIGN(const bool row, batches.step());
        if (!row) return false;
        TRY_ASSIGN(const StoredBatch stored, reader.read(batches));
        left.after = stored.number;
        rows += stored.batch.transfers.size();
        TRY(visit(stored));
    }
    batches.reset();
    return true;
}

}  // namespace

Result<std::uint64_t> SqliteLedger::last_batch() {
    TRY_ASSIGN(const std::int64_t last, db_.number("SELECT coalesce(max(number), 0) FROM batch"));
    return static_cast<std::uint64_t>(last);
}

Status SqliteLedger::each_batch_in(const BatchRange& range, const BatchVisitor& visit) {
    TRY_ASSIGN(const std::uint64_t last, last_batch());
    TRY_ASSIGN(auto reader, BatchReader::make(db_, range.after));
    TRY_ASSIGN(auto batches, Statement::prepare(db_, BatchReader::batches_sql));
    BatchRange left{range.after, std::min(range.until, last)};
    while (left.after < left.until) {
        // A short transaction: a long one keeps SQLite from starting its WAL again.
        TRY_ASSIGN(auto transaction,
                   sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
        TRY(reader.begin_slice(db_));
        TRY_ASSIGN(const bool more, visit_slice(reader, batches, left, visit));
        TRY(transaction.commit());
        if (!more) return {};
    }
    return {};
}

Result<std::vector<std::pair<std::string, Cursor>>> SqliteLedger::current_cursors() {
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT meter, source, position, version, note "
                                             "FROM cursor ORDER BY meter, source"));
    std::vector<std::pair<std::string, Cursor>> cursors;
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return cursors;
        cursors.emplace_back(find.text(0), sqlite::cursor_from(find, 1));
    }
}

}  // namespace octroi
