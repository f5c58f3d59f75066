// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The columns of the tables of the directory, the key first, and the values that a row contains.

#include "record/directory.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

inline constexpr const char* account_columns = "name, parent, title, email";
inline constexpr const char* binding_columns =
    "binding_id, kind, value, account, begin_at, end_at, per_address";
inline constexpr const char* network_columns = "prefix, per_address";

[[nodiscard]] inline Account account_from(const Statement& row) {
    return {row.text(0), row.text(1), row.text(2), row.text(3)};
}

[[nodiscard]] inline Binding binding_from(const Statement& row) {
    Binding binding;
    binding.id = row.figure(0);
    binding.identity = {enum_from<IdentityKind>(row, 1), row.text(2)};
    binding.account = row.text(3);
    binding.valid = {row.time(4), row.time(5)};
    binding.per_address = row.number(6) != 0;
    return binding;
}

[[nodiscard]] inline LocalNetwork network_from(const Statement& row) {
    return {row.text(0), row.number(1) != 0};
}

}  // namespace octroi::sqlite
