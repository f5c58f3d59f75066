// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Usage as reports: `octroi usage`, and the table at the end of `octroi run`.

#include <optional>
#include <string>
#include <vector>

#include "ledger/usage.hpp"
#include "record/report.hpp"
#include "view/period.hpp"
#include "view/units.hpp"

namespace octroi {

// The query, as far as the report depends on it.
struct UsageView {
    std::vector<UsageKey> by;  // the columns, in this order
    Interval period;
    Zone zone = Zone::utc();
    Units units = Units::iec;
    // For UsageKey::period: the periods of the rows, and their unit.
    std::vector<Slot> slots;
    PeriodUnit unit = PeriodUnit::day;
    std::vector<Account> accounts;  // for titles and, with `tree`, for parents
    std::optional<std::string> account;
    bool tree = false;
    // true: the sums are those of the buckets that begin in the period, as the ledger returns them.
    // false: the sums are exactly those of the period.
    bool of_buckets = true;
};

// Rows with the largest total first, periods in order of time, a tree with parents before children.
// JSON: an object with the period, the zone, the layer of the bytes and the conserved sums, then
// the rows.
[[nodiscard]] Report usage_report(const Usage& usage, const UsageView& view);

// "12.3 GiB observed = 11.9 GiB attributed + 0.3 GiB unattributed + 0 B excluded"; exact with
// Units::exact. If the sum is wrong, the text says so.
[[nodiscard]] std::string conservation_text(const UsageTotals& totals, Units units);

// The end of `octroi run`: local hosts with their sent and received volumes. The usage must be a
// result by identity and account.
[[nodiscard]] Report run_report(const Usage& usage, const Interval& period, const Zone& zone,
                                Units units);

}  // namespace octroi
