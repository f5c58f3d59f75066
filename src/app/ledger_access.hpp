// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "app/session.hpp"
#include "ledger/ledger.hpp"

namespace octroi {

// The ledger that the session names. owner, activity: see LedgerOptions.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_ledger(Session& session, OpenMode mode,
                                                          std::string owner = {},
                                                          std::string activity = {});

}  // namespace octroi
