// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A ledger in one SQLite file (WAL, synced with every commit): the ports Store, DirectoryStore and
// Query. Tables: docs/format/ledger.md.

#include <memory>
#include <string>

#include "host/file.hpp"
#include "ledger/chain.hpp"
#include "ledger/ledger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/interner.hpp"
#include "store/sqlite/translations.hpp"
#include "store/sqlite/writer.hpp"

namespace octroi {

class SqliteLedger final : public Ledger {
public:
    // OpenMode::create creates the file and missing folders, with mode 0750 for the folders; others
    // get no access to the file. Errors (the texts name the path and what to do next): not_found,
    // corrupt (not a ledger, or damaged), unsupported (another format), permission, conflict
    // (another process is its owner), busy, no_space, failed.
    [[nodiscard]] static Result<std::unique_ptr<SqliteLedger>> open(const std::string& path,
                                                                    const LedgerOptions& options);

    // For open(). owner_lock: see process_lock.hpp; none for a process that is not the owner.
    SqliteLedger(sqlite::Database db, Fd owner_lock, std::string node)
        : db_(std::move(db)), owner_lock_(std::move(owner_lock)), own_(std::move(node)) {}

    // Store: commit.cpp
    [[nodiscard]] Result<CommitOutcome> commit(const Batch& batch) override;
    [[nodiscard]] Result<std::vector<MeterCursor>> cursors(std::string_view source_prefix) override;

    // DirectoryStore: directory_store.cpp, class_store.cpp
    [[nodiscard]] Result<Directory> directory() override;
    [[nodiscard]] Result<std::uint64_t> directory_version() override;
    [[nodiscard]] Result<std::string> current_class_version() override;
    [[nodiscard]] Result<bool> apply(const Change& change, UtcTime now) override;
    [[nodiscard]] Status load_class_table(const ClassTable& table, std::string_view name,
                                          UtcTime now) override;
    [[nodiscard]] Result<std::optional<ClassTable>> class_table(std::string_view version) override;
    [[nodiscard]] Result<std::vector<ClassTableInfo>> class_tables() override;

    // Query: sums.cpp, meters.cpp, translations.cpp, walk.cpp, self_check.cpp, facts.cpp,
    // backup.cpp
    [[nodiscard]] Status snapshot(const std::function<Status()>& inside) override;
    [[nodiscard]] Result<std::vector<TransferSum>> sums(const SumQuestion& question) override;
    [[nodiscard]] Result<std::vector<MeterState>> meters() override;
    [[nodiscard]] Result<std::vector<MeterLoss>> losses(Interval period) override;
    [[nodiscard]] Result<std::vector<Translation>> translations(
        const TranslationQuestion& question) override {
        return sqlite::find_translations(db_, question);
    }
    [[nodiscard]] Status each_batch(const BatchVisitor& visit) override;
    [[nodiscard]] Status each_directory_change(const DirectoryVisitor& visit) override;
    [[nodiscard]] Result<std::vector<std::pair<std::string, Cursor>>> current_cursors() override;
    [[nodiscard]] Result<std::vector<std::string>> self_check() override;
    [[nodiscard]] Result<LedgerFacts> facts() override;
    [[nodiscard]] Status backup(const std::string& path, const BackupObserver& observe) override;

private:
    // commit.cpp
    [[nodiscard]] Result<CommitOutcome> try_commit(const Batch& batch);
    [[nodiscard]] Status insert(const CanonicalBatch& batch);

    sqlite::Database db_;
    Fd owner_lock_;
    sqlite::OwnWriter own_;
    sqlite::Interner names_{db_};
};

}  // namespace octroi
