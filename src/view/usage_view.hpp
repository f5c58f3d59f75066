// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Usage as reports: `octroi usage`, and the table at the end of `octroi run`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/usage.hpp"
#include "record/report.hpp"
#include "view/loss_text.hpp"
#include "view/period.hpp"
#include "view/units.hpp"

namespace octroi {

// What a reader must know beside the figures.
struct UsageState {
    std::optional<UtcTime> booked_until;  // of the meters of the query; absent: not known
    std::vector<LossSum> losses;          // in the period
    // The latest traffic, if it is later than the period although that reaches to the present: some
    // clock was ahead. Absent: there is none.
    std::optional<UtcTime> traffic_ahead;
};

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
    std::optional<Layer> layer;
    bool tree = false;
    // There are filters other than those by account, meter, role and layer.
    bool is_filtered = false;
    // true: the sums are those of the buckets that begin in the period, as the ledger returns them.
    // false: the sums are exactly those of the period.
    bool of_buckets = true;
    std::string title = "Usage";  // begins the heading
    bool names_keys = true;       // in the heading
    std::string when_empty;       // empty: a sentence that fits the query
    // Absent: the report does not say, because its answer is always the same (as of given heads).
    std::optional<UsageState> state;
};

struct UsageReports {
    // For people: one for each layer with traffic. Without traffic one that says so.
    std::vector<Report> tables;
    // For machines: the rows of all layers, with a column `layer`. JSON: an object with the period,
    // the zone, "layers" with the conserved sums of each layer, and the rows. The conserved sums
    // and the totals of the rows are also in the object itself, unless there are several layers.
    Report rows;
};
[[nodiscard]] UsageReports usage_reports(const Usage& usage, const UsageView& view);

// "12.3 GiB observed = 11.9 GiB attributed + 0.3 GiB unattributed + 0 B excluded"; exact with
// Units::exact. If the sum is wrong, the text says so.
[[nodiscard]] std::string conservation_text(const UsageTotals& totals, Units units);

// The end of `octroi run`: local hosts with their sent and received volumes. The usage must be a
// result by identity and account.
[[nodiscard]] UsageReports run_reports(const Usage& usage, const Interval& period, const Zone& zone,
                                       Units units);

// "frames", "ip", "application", and the reverse, which accepts "2", "3" and "7" too.
[[nodiscard]] std::string_view layer_name(Layer layer);
[[nodiscard]] std::optional<Layer> parse_layer(std::string_view text);

}  // namespace octroi
