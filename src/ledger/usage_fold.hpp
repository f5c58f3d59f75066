// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Counts sums in the rows of one usage question. Rows have numbers for texts until the end, so that
// millions of sums need no text but those of their parties.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "ledger/usage.hpp"
#include "ledger/usage_parties.hpp"

namespace octroi {

// Index: UsageKey. A number of a text; of a period its number + 1; 0: none, or not grouped by.
using UsageRowKey = std::array<std::uint32_t, usage_keys>;

struct UsageRowHash {
    std::size_t operator()(const UsageRowKey& key) const noexcept;
};

struct UsageFigures {
    Volume received;
    Volume sent;
    Volume total;
    Volume excluded;
    Estimate estimate;
};

// Which ends of a transfer a row counts. apart: it counts in UsageFigures::excluded only.
struct UsageSides {
    bool received = false;
    bool sent = false;
    bool apart = false;
};

// A row in which a transfer counts.
struct PlacedTransfer {
    UsageRowKey key;
    UsageSides sides;
};

// Finds the rows of a transfer. The question and the texts must outlive it.
class UsagePlacer {
public:
    UsagePlacer(const UsageQuestion& question, TextNumbers& texts);

    // Whether the transfer counts in sums over rows: excluded traffic does not, unless the filters
    // select nothing else.
    [[nodiscard]] bool counts(const UsageParty& from, const UsageParty& to) const {
        return only_excluded_ || !(from.is_excluded() || to.is_excluded());
    }
    // Each row once; none: the filters do not select the transfer. Valid until the next call.
    [[nodiscard]] std::span<const PlacedTransfer> place(const TransferSum& sum,
                                                        const UsageParty& from,
                                                        const UsageParty& to);

private:
    [[nodiscard]] bool asked(UsageKey key) const { return by_[static_cast<std::size_t>(key)]; }
    static std::uint32_t& field(UsageRowKey& key, UsageKey which) {
        return key[static_cast<std::size_t>(which)];
    }

    // The fields that are the same for both ends.
    [[nodiscard]] UsageRowKey common(const TransferSum& sum);
    [[nodiscard]] std::uint32_t category_of(std::uint32_t service);
    [[nodiscard]] std::uint32_t period_of(UtcTime bucket) const;
    [[nodiscard]] bool passes(std::uint32_t far_class, std::uint32_t direction) const;
    void put(UsageRowKey key, std::uint32_t far_class, std::uint32_t direction, UsageSides sides);
    void place_end(const UsageRowKey& common, const Party& near, const UsageParty& near_party,
                   const UsageParty& far, UsageSides side);
    void place_ends(const TransferSum& sum, const UsageParty& from, const UsageParty& to);
    // Whether the keys of a row of this excluded transfer say that it is excluded.
    [[nodiscard]] bool names_excluded(const UsageParty& from, const UsageParty& to) const;
    void place_whole(const TransferSum& sum, const UsageParty& from, const UsageParty& to);
    // Excluded and transit traffic by end: an own row, neither received nor sent.
    void place_special(const TransferSum& sum, const UsageParty& from, const UsageParty& to);
    // Whether the filters by account and identity select a transfer of rows by network.
    [[nodiscard]] bool selects(const TransferSum& sum, const UsageParty& from,
                               const UsageParty& to) const;

    const UsageQuestion& question_;
    TextNumbers& texts_;
    std::array<bool, usage_keys> by_{};
    bool by_end_ = false;
    bool only_excluded_ = false;             // the filters select nothing else
    std::vector<std::uint32_t> classes_;     // of the filter
    std::vector<std::uint32_t> directions_;  // of the filter
    std::vector<std::uint32_t> categories_;  // index: number of a service; 0: not looked up yet
    // Numbers of fixed texts.
    std::uint32_t in_, out_, internal_, transit_, excluded_;
    std::uint32_t class_transit_, class_excluded_;
    std::vector<PlacedTransfer> placed_;
};

// The rows of one layer.
class UsageFold {
public:
    // selects_one: the question is about one account, so that of a transfer between two local ends
    // there is one sum (SumEnds).
    explicit UsageFold(bool selects_one) : selects_one_(selects_one) {}

    // counts: UsagePlacer::counts(). A sum that needs more than 64 bits stays at the highest value.
    void add(const TransferSum& sum, const UsageParty& from, const UsageParty& to,
             std::span<const PlacedTransfer> placed, bool counts);

    [[nodiscard]] std::size_t size() const { return keys_.size(); }
    [[nodiscard]] const UsageRowKey& key(std::size_t row) const { return keys_[row]; }
    [[nodiscard]] const UsageFigures& figures(std::size_t row) const { return figures_[row]; }
    [[nodiscard]] bool names_excluded(std::size_t row) const { return names_excluded_[row]; }
    // The number of the row of a transfer that was added.
    [[nodiscard]] std::size_t row(const UsageRowKey& key) const { return rows_.at(key); }
    [[nodiscard]] const UsageTotals& totals() const { return totals_; }
    // Of all rows, each transfer that counts once.
    [[nodiscard]] const UsageFigures& all() const { return all_; }

private:
    bool selects_one_;
    boost::unordered_flat_map<UsageRowKey, std::uint32_t, UsageRowHash> rows_;
    std::vector<UsageRowKey> keys_;
    std::vector<UsageFigures> figures_;
    std::vector<bool> names_excluded_;
    UsageTotals totals_;
    UsageFigures all_;
};

// Adds a transfer, as far as the sides say. A sum that needs more than 64 bits stays at the highest
// value.
void add_transfer(UsageFigures& figures, const TransferSum& sum, UsageSides sides);

}  // namespace octroi
