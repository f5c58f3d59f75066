// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Computes the change that turns the current directory into a desired one, for `octroi apply`.
// Pure. Idempotent: reconciling the result with the same desired directory gives an empty change.

#include <optional>
#include <string>
#include <vector>

#include "ledger/directory_store.hpp"

namespace octroi {

// from: absent means since ever, or, if another account has the identity now, from now on: traffic
// of the past changes its account only if the user states the date. until: absent means no end.
struct DesiredBinding {
    Identity identity;
    std::string account;
    std::optional<UtcTime> from;
    std::optional<UtcTime> until;
    bool per_address = false;
};

// Absent fields keep their value, so a file with names and titles does not remove the parents.
struct DesiredAccount {
    std::string name;
    std::optional<std::string> parent;
    std::optional<std::string> title;
    std::optional<std::string> email = std::nullopt;
};

struct DesiredDirectory {
    std::vector<DesiredAccount> accounts;
    std::vector<DesiredBinding> bindings;
    std::vector<LocalNetwork> networks;
    // Also end the bindings and remove the networks that are not listed here, and remove bindings
    // that have not begun. Accounts stay, because the ledger contains their traffic.
    bool prune = false;
};

struct Reconciliation {
    DirectoryStore::Change change;
    // The change for people, a line for each item: "+ account physics", "~ account physics: title
    // Physics", "- binding 10.0.0.0/8 to physics, until 2026-11-01T00:00:00Z".
    std::vector<std::string> lines;
};

[[nodiscard]] Reconciliation reconcile(const Directory& current, const DesiredDirectory& desired,
                                       UtcTime now);

}  // namespace octroi
