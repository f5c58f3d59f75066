// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables `anchor` and `anchor_head`, and the heads of all chains.

#include <optional>
#include <vector>

#include "ledger/anchor.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// Within the transaction of a batch, before it is inserted: makes the daily anchor if it is due.
[[nodiscard]] Status anchor_day(const Database& db, UtcTime booked_at);
// Makes an anchor within a write transaction. False: no chain has grown since the last one.
[[nodiscard]] Result<bool> insert_anchor(const Database& db, AnchorReason reason, UtcTime at);

}  // namespace octroi::sqlite
