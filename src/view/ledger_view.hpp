// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What else a ledger can be asked: meters, losses, the directory, class tables, the audit.

#include <string>
#include <vector>

#include "ledger/audit.hpp"
#include "ledger/query.hpp"
#include "ledger/registry.hpp"
#include "record/report.hpp"

namespace octroi {

// `octroi meters`: health. lag is now less the booking time of the newest batch.
[[nodiscard]] Report meters_report(const std::vector<MeterState>& meters, UtcTime now);
// `octroi meters --losses`: what is known not to have been seen.
[[nodiscard]] Report losses_report(const std::vector<MeterLoss>& losses);

// `octroi account list`: the tree, with how much is bound to each account at `now`.
[[nodiscard]] Report accounts_report(const Directory& directory, UtcTime now);
// `octroi bindings`: those in force at `now`; with_ended: all that ever were or will be.
[[nodiscard]] Report bindings_report(const Directory& directory, UtcTime now,
                                     bool with_ended = false);
// `octroi who`: a translation that held, or with an empty inside address the address itself, and
// whose it was.
struct AddressUser {
    Translation translation;
    Party party;  // an account, unattributed, or with an empty name outside
};
[[nodiscard]] Report who_report(const std::vector<AddressUser>& users);
// The networks whose addresses are ours.
[[nodiscard]] Report networks_report(const Directory& directory);
// `octroi class list`.
[[nodiscard]] Report class_tables_report(const std::vector<ClassTableInfo>& tables);

// `octroi audit`: the conservation of each meter as a report; its heading says whether the ledger
// holds, its notes are the findings. The meta facts hold the same for machines (findings as texts).
[[nodiscard]] Report audit_report(const AuditReport& report);

}  // namespace octroi
