// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Answers of the ledger as reports: meters, losses, the directory, class tables, the audit. Usage
// is in usage_view.hpp.

#include <map>
#include <string>
#include <vector>

#include "ledger/audit.hpp"
#include "ledger/directory_store.hpp"
#include "ledger/query.hpp"
#include "record/report.hpp"

namespace octroi {

// `octroi meters`: the state of each meter. lag: `now` minus the commit time of its newest batch.
// excluded: by name of the meter, the part of its volume that counts for nobody; the other figures
// are without it.
using ExcludedVolumes = std::map<std::string, Volume>;
[[nodiscard]] Report meters_report(const std::vector<MeterState>& meters, UtcTime now,
                                   const ExcludedVolumes& excluded = {});
// `octroi meters --losses`: traffic that the meters missed.
[[nodiscard]] Report losses_report(const std::vector<MeterLoss>& losses);

// `octroi account list`: the tree, with the number of bindings of each account at `now`.
[[nodiscard]] Report accounts_report(const Directory& directory, UtcTime now);
// `octroi bindings`: the bindings that are valid at `now`; with_ended: all, past and future too.
[[nodiscard]] Report bindings_report(const Directory& directory, UtcTime now,
                                     bool with_ended = false);
// `octroi account show`: one account, and all its bindings.
[[nodiscard]] Report account_report(Directory directory, const Account& account, UtcTime now);
// `octroi who`: one host that used an address.
struct AddressUser {
    Translation translation;  // an empty inside address: the host used the address itself
    Party party;  // its account, or unattributed; an empty name: outside of the local networks
    // Where a session decided: who held the address, and the meter that stated it. Else empty.
    std::string holder = {};
    std::string source = {};
};
[[nodiscard]] Report who_report(const std::vector<AddressUser>& users);
// The networks that are declared local.
[[nodiscard]] Report networks_report(const Directory& directory);
// `octroi class list`.
[[nodiscard]] Report class_tables_report(const std::vector<ClassTableInfo>& tables);

// `octroi audit --heads` for machines; people and `--expect` get lines of to_string(head).
[[nodiscard]] Report heads_report(const std::vector<ChainHead>& heads);

// `octroi audit`: one row for the conservation of each meter. The heading says whether the ledger
// is sound, the notes are the findings. The meta facts contain the same for machines.
[[nodiscard]] Report audit_report(const AuditReport& report);

}  // namespace octroi
