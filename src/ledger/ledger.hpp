// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A ledger that is open: the three ports of one database. Each folder of src/store implements it.

#include <string>

#include "base/time.hpp"
#include "ledger/query.hpp"
#include "ledger/registry.hpp"
#include "ledger/store.hpp"

namespace octroi {

enum class OpenMode {
    read_only,   // Store and Registry's changes fail; must exist
    read_write,  // must exist
    create,      // made if it is not there
};

struct LedgerOptions {
    OpenMode mode = OpenMode::read_only;
    // Not empty: the process that keeps the ledger open for as long as it runs ("octroi run"). No
    // second one can open it then (code conflict; the text names the first). Writers without a name
    // take turns.
    std::string owner;
    // How long to wait for another writer's transaction before giving up with busy.
    Duration busy_timeout = Duration::seconds(30);
};

// Calls come from one thread at a time. Two threads open the ledger twice: a reader sees the state
// as of its last call and never blocks the writer. An error leaves the ledger usable.
class Ledger : public Store, public Registry, public Query {};

}  // namespace octroi
