// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "app/session.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {

// The ledger that the session names. holder: see SqliteOptions. Only here is decided which
// database stands behind the ports.
[[nodiscard]] Result<std::unique_ptr<SqliteLedger>> open_ledger(Session& session, OpenMode mode,
                                                                std::string holder = {});

}  // namespace octroi
