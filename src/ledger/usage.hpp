// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From sums over transfers to what a person asked: pure functions, no store, no clock, no time
// zone.
//
//   UsageQuestion → sum_question() → Query::sums() → usage() → rows and totals
//
// Whose view a row takes. When accounts or identities are told apart (or one is asked for), a
// transfer is looked at from each of its ends: the end it leaves has sent it, the end it enters has
// received it, and a transfer between two accounts stands in both their rows, as the two of them
// see it. Otherwise a transfer stands in one row, as the network sees it, and the rows' totals sum
// to the whole. Either way it is counted once in Totals.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/query.hpp"
#include "record/directory.hpp"

namespace octroi {

enum class UsageKey {
    account,    // "alice", "@unattributed", "@excluded/…", "@transit"
    identity,   // of the account's end: "10.1.2.3", "mac …"
    far_class,  // of the other end: its class; "@internal" (account or @unattributed), "@excluded"
    service,
    category,   // of the service, by UsageQuestion::category
    direction,  // in, out; without a view of one end also internal, transit, excluded
    meter,
    period,  // between two of UsageQuestion::boundaries
};

struct UsageQuestion {
    std::vector<UsageKey> by;
    Interval period;
    // Begins of the periods, ascending; the last one is the end of the last period. Needed for
    // `period`, and must lie on buckets to be exact: a bucket belongs to the period in which it
    // starts. Empty: the whole.
    std::vector<UtcTime> boundaries;
    // Only rows of this account; with `tree` also of those below it.
    std::optional<std::string> account;
    // Every account's rows also count for the accounts above it: received and sent of a parent are
    // its own and those of its children, exactly. Needs `accounts`.
    bool tree = false;
    std::vector<Account> accounts;  // those that exist
    std::function<std::string(std::string_view service)> category;
    std::optional<std::string> meter;
    // What is charged; none: whatever there is (two views of the same traffic then count twice).
    std::optional<MeterRole> role = MeterRole::bill;
};

struct UsageRow {
    // Empty unless asked for in `by`.
    std::string account;
    std::string identity;
    std::string far_class;
    std::string service;
    std::string category;
    std::string direction;
    std::string meter;
    std::optional<std::size_t> period;  // number of the period, from 0

    Volume received;
    Volume sent;
    // Each transfer once: less than received + sent by what stays inside (from an account to
    // itself, or in a tree between accounts below the same one). Excluded and transit traffic is
    // only here.
    Volume total;
    Estimate estimate;  // of the total

    auto operator<=>(const UsageRow&) const = default;
};

// The whole of the period, each transfer once, whatever rows were asked for (but for `meter` and
// `role`): whole = attributed + unattributed + excluded + transit.
struct UsageTotals {
    Volume whole;
    Volume attributed;    // at least one end is an account
    Volume unattributed;  // else: at least one end is local
    Volume excluded;      // an end is @excluded; before all others
    Volume transit;       // both ends are outside
    Volume internal;      // the part of `attributed` that has an account at both ends

    [[nodiscard]] bool conserved() const;
};

struct Usage {
    std::vector<UsageRow> rows;  // sorted by their fields
    UsageTotals totals;
    // Every transfer that stands in any row, once: the whole, or what an account has to do with.
    // The sum of the rows is more where a transfer stands in several of them.
    Volume in_rows;
    Estimate estimate;  // of in_rows
};

// What to ask the store for.
[[nodiscard]] SumQuestion sum_question(const UsageQuestion& question);

// Errors: invalid (no boundaries for `period`, no category function), not_found (an account that is
// neither among `accounts` nor in a sum), over_limit (a sum does not fit into 64 bits).
[[nodiscard]] Result<Usage> usage(const UsageQuestion& question,
                                  const std::vector<TransferSum>& sums);

}  // namespace octroi
