// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads stored batches with their rows. The content of the database is not trusted:
// StoredBatch::damage describes what cannot be read.

#include <string>
#include <vector>

#include "ledger/query.hpp"
#include "store/sqlite/batch_names.hpp"
#include "store/sqlite/compacted.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/identities.hpp"
#include "store/sqlite/translations.hpp"

namespace octroi::sqlite {

class BatchReader {
public:
    // after: the number of the batch before the first one to read; 0: none.
    [[nodiscard]] static Result<BatchReader> make(const Database& db, std::uint64_t after);

    // Call it at the beginning of each transaction: a compaction may have removed rows meanwhile.
    [[nodiscard]] Status begin_slice(const Database& db) {
        TRY_ASSIGN(compacted_, compacted_runs(db));
        return {};
    }
    // From a row of batches_sql.
    [[nodiscard]] Result<StoredBatch> read(const Statement& row);

    // LEFT JOIN: a batch with a missing meter must be visited too.
    static constexpr const char* batches_sql =
        "SELECT b.number, w.node, w.id, b.sequence, b.id, b.kind, b.reason, b.corrected_begin, "
        "b.corrected_end, m.name, m.kind, m.role, m.layer, b.booked_at, v.version, "
        "b.directory_version, b.observed_bytes, b.observed_packets, b.observed_flows, "
        "b.first_transfer, b.transfers, b.transfers_digest, b.sampled, b.sampled_digest, "
        "b.cursors, b.cursors_digest, b.losses, b.losses_digest, b.translations, "
        "b.translations_digest, b.previous_hash, b.hash, b.first_bucket, b.last_bucket, "
        "(SELECT n.first_transfer FROM batch n WHERE n.number = b.number + 1), b.last_traffic "
        "FROM batch b "
        "LEFT JOIN writer w ON w.writer_id = b.writer "
        "LEFT JOIN meter m ON m.meter_id = b.meter "
        "LEFT JOIN class_version v ON v.class_version_id = b.class_version "
        "WHERE b.number > ?1 AND b.number <= ?2 ORDER BY b.number";

private:
    [[nodiscard]] Status read_rows(const Statement& header, StoredBatch& stored);
    [[nodiscard]] Status read_transfers(const Statement& header, StoredBatch& stored);
    [[nodiscard]] Result<Party> read_party(std::int64_t number, std::string& damage);
    [[nodiscard]] Result<std::string> read_service(std::int64_t number, std::string& damage);
    // Sampled counts refer to transfers by their position in the run, as the transfers were read.
    [[nodiscard]] Status read_sampled(std::int64_t first, std::int64_t end, Batch& batch);
    [[nodiscard]] Status read_cursors(StoredBatch& stored);
    [[nodiscard]] Status read_losses(StoredBatch& stored);
    void check_place(const Statement& header, StoredBatch& stored);

    std::vector<CompactedRun> compacted_;
    NameCache<Party> parties_;
    NameCache<std::string> services_;
    std::int64_t next_transfer_ = 1;  // of the next batch; 0: not known
    Statement transfers_;
    Statement sampled_;
    Statement party_;
    Statement service_;
    Statement cursors_;
    Statement losses_;
    TranslationReader translations_;
    IdentityReader identities_;
};

}  // namespace octroi::sqlite
