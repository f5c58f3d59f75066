// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "record/transfer.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// The kinds of holders, each looked up once: rows of holder do not change.
class HolderKinds {
public:
    // The database must outlive it.
    explicit HolderKinds(const Database& db) : db_(db) {}

    // corrupt: there is no such holder, or its kind is unknown.
    [[nodiscard]] Result<PartyKind> kind_of(std::int64_t holder) {
        const auto index = static_cast<std::size_t>(holder);
        if (holder >= 0 && index < kinds_.size() && kinds_[index] != unknown) return kinds_[index];
        return look_up(holder);
    }

private:
    static constexpr PartyKind unknown{0};
    [[nodiscard]] Result<PartyKind> look_up(std::int64_t holder);

    const Database& db_;
    bool ready_ = false;
    Statement find_;
    std::vector<PartyKind> kinds_;  // index: holder
};

}  // namespace octroi::sqlite
