// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From "how it is" to "how it shall be": the change that `octroi apply` makes, and what it says
// about it. Pure. Applying the same declaration again makes an empty change.

#include <optional>
#include <string>
#include <vector>

#include "ledger/registry.hpp"

namespace octroi {

// from absent: since ever, or, where it takes the identity from another account, from now on.
// Nothing that was booked is attributed anew without its date being said.
struct WantedBinding {
    Identity identity;
    std::string account;
    std::optional<UtcTime> from;
    std::optional<UtcTime> until;
    bool per_address = false;
};

// What is absent stays as it is, so that a list of titles does not take the tree apart.
struct WantedAccount {
    std::string name;
    std::optional<std::string> parent;
    std::optional<std::string> title;
};

struct Wanted {
    std::vector<WantedAccount> accounts;
    std::vector<WantedBinding> bindings;
    std::vector<LocalNetwork> networks;
    // Also take away what is not wanted: end its bindings now and drop networks. Accounts stay:
    // their traffic is in the ledger.
    bool prune = false;
};

struct Reconciliation {
    Registry::Change change;
    // A line each, "+ account physics", "~ account physics: title", "- binding 10.0.0.0/8 to
    // physics".
    std::vector<std::string> lines;
};

[[nodiscard]] Reconciliation reconcile(const Directory& now_there, const Wanted& wanted,
                                       UtcTime now);

}  // namespace octroi
