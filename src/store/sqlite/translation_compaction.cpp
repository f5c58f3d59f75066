// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/translation_compaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

namespace octroi::sqlite {
namespace {

// Of one transaction: another writer waits as long. Each row is on pages of its own.
constexpr auto slice_time = std::chrono::milliseconds(10);

Result<std::int64_t> last_batch_of(const Database& db) {
    return db.number("SELECT coalesce(max(number), 0) FROM batch");
}

}  // namespace

Status TranslationCompaction::begin() {
    if (translations_) return {};
    TRY_ASSIGN(translations_, OldTranslations::of(db_));
    if (is_checked_) return {};
    TRY_ASSIGN(const ListDigest found, translations_->digest(go_on()));
    if (slices_.stopped()) return {};
    TRY_ASSIGN(const auto compactions, stored_compactions(db_));
    if (!compactions.empty() && found != compactions.back().record.translations)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: the translations of compacted batches are not those "
                                "of the last record, so nothing is compacted; next: run `octroi "
                                "audit`, and restore a backup",
                                db_.path()));
    is_checked_ = true;
    return remove_over();
}

Result<ListDigest> TranslationCompaction::digest_with(const CompactedRun& run) {
    TRY(begin());
    if (slices_.stopped()) return ListDigest{};
    TRY_ASSIGN(last_batch_, last_batch_of(db_));
    TRY(translations_->add(run));
    return translations_->digest(go_on());
}

Result<bool> TranslationCompaction::is_valid() {
    TRY_ASSIGN(const bool was_ended, translations_->was_ended_over(last_batch_));
    return !was_ended;
}

Status TranslationCompaction::remove_over() {
    TRY_ASSIGN(auto remove,
               Statement::prepare(db_,
                                  "DELETE FROM translation WHERE rowid = ?1 AND opened "
                                  "= ?2 AND coalesce(closed, 0) = ?3 AND begin_at = "
                                  "?4"));
    std::vector<OldTranslations::OverRow> rows = translations_->rows_over();
    // The earliest first: whether one is over may depend on a later one, which must still be there
    // if the deletion is cut off.
    std::ranges::sort(rows, std::ranges::greater{}, &OldTranslations::OverRow::begin);
    while (!rows.empty() && !slices_.stopped()) {
        const auto slice = [&]() -> Status {
            const auto begin = std::chrono::steady_clock::now();
            TRY_ASSIGN(auto transaction, Transaction::begin(db_, Transaction::Kind::write));
            while (!rows.empty() && std::chrono::steady_clock::now() - begin < slice_time) {
                const OldTranslations::OverRow& row = rows.back();
                remove.bind(1, row.rowid);
                remove.bind(2, row.opened);
                remove.bind(3, row.closed);
                remove.bind(4, row.begin);
                TRY(remove.run());
                rows.pop_back();
            }
            return transaction.commit();
        };
        TRY(slices_.run(slice));
    }
    return {};
}

}  // namespace octroi::sqlite
