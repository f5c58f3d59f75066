// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Turns sums over transfers into usage rows. Pure functions: no store, no clock, no time zone.
//
//   UsageQuestion → sum_question() → Query::sums() → usage() → rows and totals
//
// There are two kinds of rows:
// - By end: the question groups by account or identity, or selects one account. Each transfer is
//   counted at both of its ends: its source end has sent it, its destination end has received it. A
//   transfer between two accounts is in the rows of both.
// - By network: all other questions. Each transfer is in exactly one row, and the totals of the
// rows
//   add up to the whole.
// In UsageTotals each transfer is counted once in both cases.

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
    far_class,  // class of the other end; "@internal" if that is local, "@excluded"
    service,
    category,   // of the service, from UsageQuestion::category
    direction,  // "in", "out"; by network also "internal", "transit", "excluded"
    meter,
    period,  // number of the interval between two of UsageQuestion::boundaries
};

struct UsageQuestion {
    std::vector<UsageKey> by;
    Interval period;
    // For UsageKey::period: n + 1 ascending moments bound n periods. A bucket belongs to the period
    // in which it starts, so figures are exact if the boundaries are starts of buckets.
    std::vector<UtcTime> boundaries;
    // Only rows of this account; with `tree` also of the accounts below it.
    std::optional<std::string> account;
    // The traffic of an account also counts for all accounts above it. Received and sent of a
    // parent are then the exact sums of its own and its children's. Needs `accounts`.
    bool tree = false;
    std::vector<Account> accounts;  // all that exist
    std::function<std::string(std::string_view service)> category;
    std::optional<std::string> meter;  // only this meter
    // Only meters of this role. nullopt: all meters; traffic that two meters saw then counts twice.
    std::optional<MeterRole> role = MeterRole::bill;
};

struct UsageRow {
    // Empty unless UsageQuestion::by contains the key.
    std::string account;
    std::string identity;
    std::string far_class;
    std::string service;
    std::string category;
    std::string direction;
    std::string meter;
    std::optional<std::size_t> period;  // from 0

    Volume received;
    Volume sent;
    // Each transfer of the row once. Smaller than received + sent where both ends of a transfer are
    // in the row: from an account to itself, or within a tree. Excluded and transit traffic counts
    // here only, not as received or sent.
    Volume total;
    Estimate estimate;  // the part of `total` that scaling added

    auto operator<=>(const UsageRow&) const = default;
};

// All transfers of the period, meter and role, each once, whatever the rows are:
// whole = attributed + unattributed + excluded + transit.
struct UsageTotals {
    Volume whole;
    Volume attributed;    // not excluded, and an end is an account
    Volume unattributed;  // none of these, and an end is local
    Volume excluded;      // an end is @excluded
    Volume transit;       // both ends are outside
    Volume internal;      // the part of `attributed` with an account at both ends

    // Whether the four parts add up to the whole.
    [[nodiscard]] bool conserved() const;
};

struct Usage {
    std::vector<UsageRow> rows;  // sorted by their fields
    UsageTotals totals;
    // Each transfer that is in at least one row, once. The rows add up to more where a transfer is
    // in several of them.
    Volume in_rows;
    Estimate estimate;  // the part of in_rows that scaling added
};

// The question to the store that usage() needs the answer of.
[[nodiscard]] SumQuestion sum_question(const UsageQuestion& question);

// Errors: invalid (boundaries or category function missing, boundaries not ascending), not_found
// (the account is neither in `accounts` nor in a sum), over_limit (a sum exceeds 64 bits).
[[nodiscard]] Result<Usage> usage(const UsageQuestion& question,
                                  const std::vector<TransferSum>& sums);

}  // namespace octroi
