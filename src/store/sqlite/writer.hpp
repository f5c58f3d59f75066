// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The writer of a process: the row of the table `writer` with the chain that it extends. Each chain
// has one process at a time: it locks octet `writer_id` of the file <ledger>.writers as long as it
// has the ledger open (open file description lock, fcntl(2)). The kernel releases the lock when the
// process ends, also after kill -9; the next process of the node then continues the chain. So a
// ledger has as many chains as processes ever wrote to it at the same time.

#include <cstdint>
#include <optional>
#include <string>

#include "host/file.hpp"
#include "ledger/chain.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// Locks octet 0 of the same file while the descriptor lives: one process at a time compacts a
// ledger, or makes its sums by day again or checks them. Error: busy.
[[nodiscard]] Result<Fd> lock_for_compaction(const Database& db);
// The same. An empty descriptor: another process has the lock, or this one may not lock.
[[nodiscard]] Fd try_lock_for_compaction(const Database& db);
// Whether a process has that lock.
[[nodiscard]] Result<bool> is_compacting(const Database& db);

class OwnWriter {
public:
    // node: as LedgerOptions::node.
    explicit OwnWriter(std::string node) : node_(std::move(node)) {}

    // Finds a writer of the node that no process uses, or inserts one, and locks it. Call it within
    // a write transaction; if that is rolled back, call release_new(). Later calls do nothing.
    [[nodiscard]] Status claim(const Database& db);
    // Releases a writer that claim() inserted in a transaction that was rolled back, with its lock:
    // another process may get the same number.
    void release_new() noexcept {
        if (!is_new_) return;
        number_ = 0;
        is_new_ = false;
        locks_ = Fd();
    }
    // After a commit: the row of a new writer is in the ledger.
    void keep() noexcept { is_new_ = false; }

    // After claim().
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }  // writer_id
    [[nodiscard]] const Writer& writer() const noexcept { return writer_; }

private:
    [[nodiscard]] Result<bool> find_free(const Database& db);
    [[nodiscard]] Status insert(const Database& db);

    std::string node_;
    Fd locks_;                 // <ledger>.writers
    std::int64_t number_ = 0;  // 0: none yet
    bool is_new_ = false;
    Writer writer_;
};

}  // namespace octroi::sqlite
