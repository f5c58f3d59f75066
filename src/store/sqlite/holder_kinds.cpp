// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/holder_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

Result<PartyKind> HolderKinds::look_up(std::int64_t holder) {
    // The bound limits the memory that a wrong number in a damaged ledger can allocate.
    constexpr std::int64_t cached_end = std::int64_t{1} << 32U;
    if (!ready_) {
        TRY_ASSIGN(find_, Statement::prepare(db_, "SELECT kind FROM holder WHERE holder_id = ?1"));
        ready_ = true;
    }
    find_.bind(1, holder);
    TRY_ASSIGN(const bool found, find_.step());
    const auto kind = found ? enum_from<PartyKind>(find_, 0) : unknown;
    find_.reset();
    if (kind < PartyKind::account || kind > PartyKind::excluded)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: holder {} is missing or of an unknown kind; next: run "
                                "`octroi audit`",
                                db_.path(), holder));
    if (holder >= 0 && holder < cached_end) {
        const auto index = static_cast<std::size_t>(holder);
        if (index >= kinds_.size()) kinds_.resize(std::max(index + 1, kinds_.size() * 2), unknown);
        kinds_[index] = kind;
    }
    return kind;
}

}  // namespace octroi::sqlite
