// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A ledger in one SQLite file (WAL, synced with every commit): the ports Store, DirectoryStore,
// Query and Maintenance. Tables: docs/format/ledger.md.

#include <memory>
#include <string>

#include "host/file.hpp"
#include "ledger/chain.hpp"
#include "ledger/ledger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/day_sums.hpp"
#include "store/sqlite/interner.hpp"
#include "store/sqlite/ledger_place.hpp"
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
    SqliteLedger(sqlite::Database db, Fd owner_lock, const LedgerOptions& options);

    // Store: commit.cpp
    [[nodiscard]] Result<CommitOutcome> commit(const Batch& batch) override;
    [[nodiscard]] Result<std::string> ledger_id() override;
    [[nodiscard]] Result<std::vector<MeterCursor>> cursors(std::string_view source_prefix) override;
    // anchors.cpp
    [[nodiscard]] Result<bool> anchor(AnchorReason reason, UtcTime now) override;

    [[nodiscard]] Result<CompactionProgress> compact(const Retention& retention, UtcTime now,
                                                     const CompactionPause& pause) override;
    [[nodiscard]] Status rebuild_sums() override;

    // DirectoryStore: directory_store.cpp, class_store.cpp
    [[nodiscard]] Result<Directory> directory() override;
    [[nodiscard]] Result<std::vector<Account>> accounts() override;
    [[nodiscard]] Result<std::uint64_t> directory_version() override;
    [[nodiscard]] Result<std::string> current_class_version() override;
    [[nodiscard]] Result<bool> apply(const Change& change, UtcTime now) override;
    [[nodiscard]] Status load_class_table(const ClassTable& table, std::string_view name,
                                          UtcTime now) override;
    [[nodiscard]] Result<std::optional<ClassTable>> class_table(std::string_view version) override;
    [[nodiscard]] Result<std::vector<ClassTableInfo>> class_tables() override;

    // IdentityStore: identities.cpp
    [[nodiscard]] Result<std::uint64_t> newest_identity() override;
    [[nodiscard]] Status each_identity(const IdentityQuestion& question,
                                       const IdentityVisitor& visit) override;
    [[nodiscard]] Result<IdentityProgress> identity_progress() override;
    [[nodiscard]] Status put_identity_progress(const IdentityProgress& progress) override;
    [[nodiscard]] Result<bool> has_traffic_without(std::uint64_t event, const Interval& buckets,
                                                   std::uint64_t until) override;
    [[nodiscard]] Status each_batch_without(std::uint64_t event, std::uint64_t after,
                                            std::uint64_t until,
                                            const KnowledgeVisitor& visit) override;

    // Query: sums.cpp, meters.cpp, translations.cpp, anchors.cpp, compacted.cpp, walk.cpp,
    // self_check.cpp, facts.cpp, backup.cpp
    [[nodiscard]] Status snapshot(const std::function<Status()>& inside) override;
    [[nodiscard]] Result<std::vector<TransferSum>> sums(const SumQuestion& question) override;
    [[nodiscard]] Result<std::vector<std::string>> services() override;
    [[nodiscard]] Result<std::vector<std::string>> classes() override;
    [[nodiscard]] Result<std::optional<UtcTime>> first_bucket() override;
    [[nodiscard]] Result<std::vector<MeterState>> meters() override;
    [[nodiscard]] Result<std::vector<MeterLoss>> losses(Interval period) override;
    [[nodiscard]] Result<std::vector<Translation>> translations(
        const TranslationQuestion& question) override {
        return sqlite::find_translations(db_, question);
    }
    [[nodiscard]] Result<std::vector<ChainHead>> heads() override;
    [[nodiscard]] Result<std::optional<std::string>> link_hash(const ChainHead& link) override;
    [[nodiscard]] Status each_anchor(const AnchorVisitor& visit) override;
    [[nodiscard]] Result<std::uint64_t> last_batch() override;
    [[nodiscard]] Status each_batch_in(const BatchRange& range, const BatchVisitor& visit) override;
    [[nodiscard]] Status each_compaction(std::uint64_t sums_after,
                                         const CompactionVisitor& visit) override;
    [[nodiscard]] Status each_directory_change(const DirectoryVisitor& visit) override;
    [[nodiscard]] Result<std::vector<std::pair<std::string, Cursor>>> current_cursors() override;
    [[nodiscard]] Result<std::vector<std::string>> self_check(std::uint64_t after_batch) override;
    [[nodiscard]] Result<LedgerFacts> facts(const Retention& retention) override;
    [[nodiscard]] Status backup(const std::string& path, const BackupObserver& observe) override;

private:
    // commit.cpp
    [[nodiscard]] Result<CommitOutcome> try_commit(const Batch& batch);
    [[nodiscard]] Status insert(const CanonicalBatch& batch);

    sqlite::Database db_;
    sqlite::LedgerPlace place_;
    Fd owner_lock_;
    sqlite::OwnWriter own_;
    sqlite::Interner names_{db_};
    sqlite::DaySums days_;
};

}  // namespace octroi
