// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/random.hpp"
#include "store/sqlite/files.hpp"

namespace octroi::sqlite {

namespace {

std::string locks_path(const Database& db) { return canonical_path(db.path()) + ".writers"; }

struct flock one_octet(std::int64_t octet) {
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = octet;
    range.l_len = 1;
    return range;
}

Error cannot_lock(const Database& db) {
    return {errno == EACCES || errno == EPERM ? ErrorCode::permission : ErrorCode::failed,
            fmt::format("cannot lock {}: {}; next: run this as root or as the owner of the ledger",
                        locks_path(db), std::strerror(errno))};
}

// Locks an octet of <ledger>.writers, which is opened first if it is not. False: another process
// has it.
Result<bool> lock_octet(const Database& db, Fd& file, std::int64_t octet) {
    if (file.get() < 0)
        file = Fd(open(locks_path(db).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    struct flock range = one_octet(octet);
    if (file.get() >= 0 && fcntl(file.get(), F_OFD_SETLK, &range) == 0) return true;
    if (file.get() >= 0 && (errno == EAGAIN || errno == EACCES)) return false;
    return std::unexpected(cannot_lock(db));
}

}  // namespace

Result<Fd> lock_for_compaction(const Database& db) {
    Fd file;
    TRY_ASSIGN(const bool locked, lock_octet(db, file, 0));
    if (locked) return file;
    return fail(
        ErrorCode::busy,
        fmt::format("ledger {}: another process compacts or audits it; next: try again later",
                    db.path()));
}

Fd try_lock_for_compaction(const Database& db) {
    // Not created: another user may have to write to it.
    Fd file(open(locks_path(db).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    struct flock range = one_octet(0);
    const bool locked = file.get() >= 0 && fcntl(file.get(), F_OFD_SETLK, &range) == 0;
    return locked ? std::move(file) : Fd();
}

Result<bool> is_compacting(const Database& db) {
    const Fd file(open(locks_path(db).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0 && errno == ENOENT) return false;
    struct flock range = one_octet(0);
    if (file.get() < 0 || fcntl(file.get(), F_OFD_GETLK, &range) != 0)
        return std::unexpected(cannot_lock(db));
    return range.l_type != F_UNLCK;
}

Status OwnWriter::claim(const Database& db) {
    if (number_ != 0) return {};
    TRY_ASSIGN(const bool found, find_free(db));
    return found ? Status() : insert(db);
}

Result<bool> OwnWriter::find_free(const Database& db) {
    TRY_ASSIGN(
        auto find,
        Statement::prepare(
            db, "SELECT writer_id, node, id FROM writer WHERE node = ?1 ORDER BY writer_id"));
    find.bind_text(1, node_);
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return false;
        const std::string_view id = find.octets(2);
        if (find.number(0) < 1 || id.size() != writer_.id.octets.size()) continue;
        TRY_ASSIGN(const bool is_free, lock_octet(db, locks_, find.number(0)));
        if (!is_free) continue;
        number_ = find.number(0);
        writer_.node = find.text(1);
        std::copy(id.begin(), id.end(), writer_.id.octets.begin());
        return true;
    }
}

Status OwnWriter::insert(const Database& db) {
    writer_ = {node_, random_writer_id()};
    const std::string id = octets_of(writer_.id);
    TRY_ASSIGN(auto insert,
               Statement::prepare(db, "INSERT INTO writer (node, id) VALUES (?1, ?2)"));
    insert.bind_text(1, writer_.node);
    insert.bind_blob(2, id);
    TRY(insert.run());
    const std::int64_t number = sqlite3_last_insert_rowid(db.handle());
    // Only this transaction knows the number, so no process has locked it, except one that ended
    // its own transaction without a commit and still runs.
    TRY_ASSIGN(const bool locked, lock_octet(db, locks_, number));
    if (!locked)
        return fail(ErrorCode::busy, fmt::format("ledger {}: writer {} is in use; next: try again",
                                                 db.path(), number));
    number_ = number;
    is_new_ = true;
    return {};
}

}  // namespace octroi::sqlite
