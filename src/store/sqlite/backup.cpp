// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of the ledger while others write to it.
//
// The backup interface of SQLite begins again when another process commits between two slices. It
// does not where the connection has a read transaction: then all slices see the same state. A
// writer does not wait for that transaction, but the write-ahead log cannot be reused until it
// ends.
#include <algorithm>
#include <chrono>
#include <memory>

#include "host/datagrams.hpp"
#include "host/new_file.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using sqlite::Database;

// A commit waits for the disk together with the slice that is being written. So slices are small,
// are synced one by one, and at most half of the time belongs to them.
constexpr int slice_pages = 1024;
constexpr std::int64_t rest_max_ms = 50;

struct FinishBackup {
    void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};
using Backup = std::unique_ptr<sqlite3_backup, FinishBackup>;

// The file is new and is removed after an error, so SQLite need not protect it.
Result<Database> open_copy(const std::string& path) {
    TRY_ASSIGN(auto copy, Database::open(path, SQLITE_OPEN_READWRITE));
    TRY(copy.run("PRAGMA journal_mode = OFF"));
    TRY(copy.run("PRAGMA synchronous = OFF"));
    TRY(copy.run("PRAGMA cache_size = -4096"));  // KiB; pages are written when it is full
    return copy;
}

Query::BackupProgress progress_of(sqlite3_backup* backup, std::int64_t page_size) {
    const int total = sqlite3_backup_pagecount(backup);
    const int copied = total - sqlite3_backup_remaining(backup);
    const auto octets = [&](int pages) { return static_cast<std::uint64_t>(pages * page_size); };
    return {octets(copied), octets(total)};
}

Status copy_slices(const Database& from, const NewFile& file,
                   const Query::BackupObserver& observe) {
    using Clock = std::chrono::steady_clock;
    TRY_ASSIGN(const std::int64_t page_size, from.number("PRAGMA page_size"));
    TRY_ASSIGN(const Database to, open_copy(file.partial_path()));
    Backup backup(sqlite3_backup_init(to.handle(), "main", from.handle(), "main"));
    if (!backup) return std::unexpected(to.error(sqlite3_extended_errcode(to.handle())));
    while (true) {
        const auto begin = Clock::now();
        const int code = sqlite3_backup_step(backup.get(), slice_pages);
        if (code != SQLITE_OK && code != SQLITE_DONE) {
            sqlite3_backup_finish(backup.release());  // puts the text of the error into `to`
            return std::unexpected(to.error(code));
        }
        TRY(file.sync());
        TRY(observe(progress_of(backup.get(), page_size)));
        if (code == SQLITE_DONE) return {};
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
        wait_readable({}, Duration::milliseconds(std::min(took.count(), rest_max_ms)));
    }
}

// Moves the log into the database, as far as no other reader needs it: it grew during the copy, and
// a commit of another process would have to do it otherwise. Does nothing where this process may
// only read.
void shrink_log(const std::string& path) {
    const auto db = Database::open(path, SQLITE_OPEN_READWRITE);
    if (db)
        sqlite3_wal_checkpoint_v2(db->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                  nullptr);
}

}  // namespace

Status SqliteLedger::backup(const std::string& path, const BackupObserver& observe) {
    TRY_ASSIGN(auto file, NewFile::create(path));
    {
        TRY_ASSIGN(auto transaction,
                   sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::read));
        // The transaction begins with the first read.
        TRY(db_.number("SELECT count(*) FROM sqlite_schema"));
        TRY(copy_slices(db_, file, observe));
        TRY(transaction.commit());
    }
    shrink_log(db_.path());
    return file.commit();
}

}  // namespace octroi
