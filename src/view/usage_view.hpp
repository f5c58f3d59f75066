// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Answers of the ledger about usage as reports: `octroi usage`, and the table at the end of
// `octroi run`.

#include <optional>
#include <string>
#include <vector>

#include "ledger/usage.hpp"
#include "record/report.hpp"
#include "view/period.hpp"
#include "view/units.hpp"

namespace octroi {

// What was asked, as far as the report must know it.
struct UsageView {
    std::vector<UsageKey> by;  // the columns, in this order
    Interval period;
    Zone zone = Zone::utc();
    Units units = Units::iec;
    // For UsageKey::period: what the rows' periods are, and how long.
    std::vector<Slot> slots;
    PeriodUnit unit = PeriodUnit::day;
    std::vector<Account> accounts;  // titles and, with tree, who is below whom
    std::optional<std::string> account;
    bool tree = false;
    // The sums are those of the buckets that begin in the period, as a ledger gives them; false: of
    // the period to the moment.
    bool of_buckets = true;
};

// Rows from the greatest total to the least, periods in order of time, a tree from its tops down.
// JSON: an object with the period, the zone, the layer of the bytes and the conserved sums, then
// rows.
[[nodiscard]] Report usage_report(const Usage& usage, const UsageView& view);

// "12.3 GiB observed = 11.9 GiB attributed + 0.3 GiB unattributed + 0 B excluded"; with `exact`
// units to the byte. Says so if it does not add up.
[[nodiscard]] std::string conservation_text(const UsageTotals& totals, Units units);

// The end of `octroi run`: local hosts with what they sent and received. The usage must have been
// asked by identity and account.
[[nodiscard]] Report run_report(const Usage& usage, const Interval& period, const Zone& zone,
                                Units units);

}  // namespace octroi
