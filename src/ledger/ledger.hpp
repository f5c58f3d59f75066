// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An open ledger: the ports of one database. Each folder of src/store implements it.

#include <functional>
#include <string>

#include "base/time.hpp"
#include "ledger/directory_store.hpp"
#include "ledger/identity_store.hpp"
#include "ledger/maintenance.hpp"
#include "ledger/query.hpp"
#include "ledger/store.hpp"

namespace octroi {

enum class OpenMode {
    read_only,   // the ledger must exist; every change returns an error
    read_write,  // the ledger must exist
    create,      // the ledger is created if it does not exist
};

struct LedgerOptions {
    OpenMode mode = OpenMode::read_only;
    // The name of a process that keeps the ledger open as long as it runs ("octroi run"). While one
    // has it open, another process with a non-empty owner gets conflict; the text names the first.
    // Empty: a command that writes now and then; such processes take turns.
    std::string owner;
    // An activity that one process at a time may do ("rebook"). Owners of the same activity exclude
    // each other, those of different ones do not. Empty: the activity of the daemon.
    std::string activity;
    // Names this machine in the chains of writers (ledger/chain.hpp). Empty: the host name.
    std::string node;
    // The day that contains a moment, for sums by day that make questions fast. Begin and end are
    // starts of buckets. Empty: days of UTC. A change affects only days without traffic so far.
    std::function<Interval(UtcTime)> day_of;
    // How long a call waits for the transaction of another writer before it returns busy.
    Duration busy_timeout = Duration::seconds(30);
    // With OpenMode::read_only: every call returns interrupted soon after this returns true. It is
    // asked several hundred times a second within a call, on its thread. Empty: calls run to their
    // end, as those of other modes always do.
    std::function<bool()> stop_requested;
};

// One thread at a time. Two threads open the ledger twice. Each call of a reader sees the ledger as
// of the beginning of that call, and never blocks the writer. After an error the ledger can be used
// further.
class Ledger : public Store,
               public DirectoryStore,
               public IdentityStore,
               public Query,
               public Maintenance {};

}  // namespace octroi
