// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "app/session.hpp"
#include "host/stop.hpp"
#include "ledger/ledger.hpp"

namespace octroi {

// The options of a ledger that the configuration states.
[[nodiscard]] Result<LedgerOptions> ledger_options(Session& session, OpenMode mode);

// The ledger that the session names. owner, activity: see LedgerOptions.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_ledger(Session& session, OpenMode mode,
                                                          std::string owner = {},
                                                          std::string activity = {});

// The result of a call that reads a ledger of open_ledger(). SIGINT and SIGTERM end the call with
// the error interrupted. Afterwards they end the process again, as does a closed pipe.
template <typename Call>
[[nodiscard]] auto interruptible(const Call& call) {
    catch_stop_signals();
    auto result = call();
    release_stop_signals();
    if (result && stop_requested()) result = fail(ErrorCode::interrupted, "stopped before the end");
    return result;
}

}  // namespace octroi
