// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An open ledger: the three ports of one database. Each folder of src/store implements it.

#include <string>

#include "base/time.hpp"
#include "ledger/directory_store.hpp"
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
    // How long a call waits for the transaction of another writer before it returns busy.
    Duration busy_timeout = Duration::seconds(30);
};

// One thread at a time. Two threads open the ledger twice. Each call of a reader sees the ledger as
// of the beginning of that call, and never blocks the writer. After an error the ledger can be used
// further.
class Ledger : public Store, public DirectoryStore, public Query {};

}  // namespace octroi
