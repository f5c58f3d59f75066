// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Turns sums over transfers into usage rows. Pure functions: no store, no clock, no time zone.
//
//   UsageQuestion → sum_question() → Query::sums() → usage() → blocks of rows and totals
//
// query_usage() of ledger/usage_query.hpp goes the whole way.
//
// There are two kinds of rows:
// - By end: the question groups by account or identity, or selects one, and does not group by from
//   or to. Each transfer is counted at both of its ends: its source end has sent it, its
//   destination end has received it. A transfer between two accounts is in the rows of both.
// - By network: all other questions. Each transfer is in exactly one row, and the totals of the
//   rows add up to the whole.
// In UsageTotals each transfer is counted once in both cases.
//
// Excluded traffic is in no figure of others. Rows with keys that name it (account "@excluded/…",
// class
// "@excluded", direction "excluded", from or to "@excluded/…") count nothing else; all other rows
// have it apart, in UsageRow::excluded. If the filters select excluded traffic only, it is what the
// rows count.

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

enum class UsageKey : std::uint8_t {
    account,    // "alice", "@unattributed", "@excluded/…", "@transit"
    identity,   // of the account's end: "10.1.2.3", "mac …"
    far_class,  // class of the other end; "@internal" if that is local, "@excluded"
    service,
    category,   // of the service, from UsageQuestion::category
    direction,  // "in", "out"; by network also "internal"; "transit", "excluded"
    meter,
    period,  // number of one of UsageQuestion::steps
    // The two ends of a transfer, as to_string(Party) writes them. Rows by network, so these cannot
    // be combined with account or identity.
    from,
    to,
};
inline constexpr std::size_t usage_keys = 10;

enum class UsageOrder : std::uint8_t {
    total,     // the largest first
    received,  // the largest first
    sent,      // the largest first
    name,      // by the keys, in the order of UsageQuestion::by
};

// A filter keeps what the rows with its values would count if the question also grouped by that
// key.
struct UsageQuestion {
    std::vector<UsageKey> by;
    Interval period;
    // For UsageKey::period: as SumQuestion::steps. Figures are exact if steps begin with buckets.
    std::vector<UtcTime> steps;
    // Only traffic of this account; with `tree` also of the accounts below it.
    std::optional<std::string> account;
    // The traffic of an account also counts for all accounts above it. Received and sent of a
    // parent are then the exact sums of its own and its children's. Needs `accounts`. Ends of
    // UsageKey::from and to are then the top accounts; those below `account` are the accounts one
    // level below it.
    bool tree = false;
    std::vector<Account> accounts;  // all that exist
    std::function<std::string(std::string_view service)> category;
    std::optional<std::string> meter;  // only this meter
    // Only meters of this role. nullopt: all meters; traffic that two meters saw then counts twice.
    std::optional<MeterRole> role = MeterRole::bill;
    std::optional<Layer> layer;
    std::optional<std::string> identity;              // canonical text
    std::vector<std::string> classes;                 // empty: all; as UsageKey::far_class
    std::vector<std::string> services;                // empty: all
    std::vector<std::string> categories;              // empty: all
    std::vector<std::string> directions;              // empty: all; as UsageKey::direction
    std::optional<std::vector<ChainPosition>> as_of;  // as SumQuestion::as_of

    // Rows by period are in order of time first, except in order of names. In a tree by account
    // parents come before their children, and the order is that of siblings. Rows that name
    // excluded traffic follow those of their period that do not.
    UsageOrder order = UsageOrder::total;
    std::size_t limit = 0;  // keeps so many rows of each layer; 0: all
    bool rest = false;      // makes one row of those that the limit leaves out
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
    std::string from;
    std::string to;

    Volume received;
    Volume sent;
    // Each transfer of the row once. Smaller than received + sent where both ends of a transfer are
    // in the row: from an account to itself, or within a tree. Transit traffic, and excluded
    // traffic in rows that name it, counts here only, not as received or sent.
    Volume total;
    // Excluded traffic with these keys that is not in the figures above.
    Volume excluded;
    bool names_excluded = false;  // its traffic is excluded, and in no sum over rows
    Estimate estimate;            // the part of `total` that scaling added
    int depth = 0;  // in a tree by account: levels below the topmost account with rows

    auto operator<=>(const UsageRow&) const = default;
};

// The transfers that the filters select, each once, whatever the rows are:
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

// The answer for one layer. Bytes of two layers are never added up.
struct UsageBlock {
    Layer layer = Layer::ip;
    std::vector<UsageRow> rows;  // in the order of the question
    std::size_t left_out = 0;    // number of further rows, because of the limit
    // Those further rows as one without keys, if the question wants it: each of their transfers
    // counts once.
    std::optional<UsageRow> rest;
    UsageTotals totals;
    // Of all rows; a transfer that is in several rows counts once. Without excluded traffic, unless
    // that is all that the filters select.
    Volume received;
    Volume sent;
    Volume total;
    Estimate estimate;  // the part of `total` that scaling added
};

struct Usage {
    std::vector<UsageBlock> blocks;  // by layer; only layers with selected traffic
};

// The question to the store that usage() needs the answer of. services: all services of the ledger;
// only a filter by category needs them.
[[nodiscard]] SumQuestion sum_question(const UsageQuestion& question,
                                       const std::vector<std::string>& services = {});

// sums: the answer to sum_question(). Errors: invalid (keys that exclude each other, steps or
// category function missing, steps not ascending), not_found (the account is neither in `accounts`
// nor in a sum). A figure above 64 bits, which only forged traffic has, stays at the highest value.
[[nodiscard]] Result<Usage> usage(const UsageQuestion& question,
                                  const std::vector<TransferSum>& sums);

}  // namespace octroi
