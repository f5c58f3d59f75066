// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who held an address, and why: the sessions of an address, prefix or MAC address, for `octroi
// who`.

#include <optional>
#include <string>
#include <vector>

#include "attribute/directory.hpp"
#include "attribute/session_table.hpp"
#include "ledger/ledger.hpp"
#include "view/session_view.hpp"

namespace octroi {

// All events of a ledger.
[[nodiscard]] Result<SessionsPtr> all_sessions(IdentityStore& store);

// The sessions of the identity, and of the MAC addresses that held it: by time. Each with the
// account that its holder had at its begin.
[[nodiscard]] std::vector<SessionRow> sessions_of(const CompiledDirectory& directory,
                                                  const SessionTable& sessions,
                                                  const Identity& held);

// The session that decides an address at that time: its holder, the person behind a MAC address
// after it ("mac 02:…, user alice"), and the meter that stated it.
struct DecidingSession {
    std::string holder;
    std::string source;
    Interval time;  // of the statement
};
[[nodiscard]] std::optional<DecidingSession> deciding_session(const CompiledDirectory& directory,
                                                              const SessionTable& sessions,
                                                              const HeldSessions& held, UtcTime at);

}  // namespace octroi
