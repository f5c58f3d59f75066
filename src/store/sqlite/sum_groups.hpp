// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums grouped by row numbers of the database, and their conversion to sums by name.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/end_table.hpp"

namespace octroi::sqlite {

// Row numbers; 0: the question does not group by this column.
struct GroupKey {
    std::int64_t bucket = 0;  // a bucket number, or the place of a step in SumQuestion::steps
    std::int64_t meter = 0;
    // A row of `party`, or of `holder` if identities are not grouped by; below 0:
    // EndTable::party_of.
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t service = 0;
    std::int64_t versions = 0;  // of Versions

    bool operator==(const GroupKey&) const = default;
};

struct GroupHash {
    std::size_t operator()(const GroupKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        const std::uint64_t ends = mix(u(key.from) ^ mix_a, u(key.to) ^ mix_b);
        return mix(ends + u(key.service),
                   u(key.bucket) ^ mix_c ^ (u(key.meter) << 40U) ^ (u(key.versions) << 52U));
    }
};

// The distinct versions that batches were attributed with, numbered from 1.
class Versions {
public:
    struct Pair {
        std::int64_t classes = 0;  // class_version_id
        std::int64_t directory = 0;
        std::int64_t identities = 0;  // Batch::identities_known

        auto operator<=>(const Pair&) const = default;
    };
    [[nodiscard]] std::int64_t number_of(const Pair& pair) {
        const auto next = static_cast<std::int64_t>(pairs_.size()) + 1;
        const auto [at, is_new] = numbers_.try_emplace(pair, next);
        if (is_new) pairs_.push_back(pair);
        return at->second;
    }
    [[nodiscard]] const Pair& at(std::int64_t number) const {
        return pairs_[static_cast<std::size_t>(number - 1)];
    }

private:
    std::map<Pair, std::int64_t> numbers_;
    std::vector<Pair> pairs_;
};

// Signed, because corrections subtract. A sum of all rows is not negative.
struct Figures {
    std::int64_t bytes = 0;
    std::int64_t packets = 0;
    std::int64_t flows = 0;

    // False: a sum does not fit.
    [[nodiscard]] bool add(const Figures& other) noexcept {
        const bool bytes_over = __builtin_add_overflow(bytes, other.bytes, &bytes);
        const bool packets_over = __builtin_add_overflow(packets, other.packets, &packets);
        const bool flows_over = __builtin_add_overflow(flows, other.flows, &flows);
        return !bytes_over && !packets_over && !flows_over;
    }
    bool operator==(const Figures&) const = default;
};

__extension__ typedef __int128 WideFigure;  // NOLINT(modernize-use-using)

// Of any number of rows: a ledger with 2^64 of them does not exist.
struct WideFigures {
    WideFigure bytes = 0;
    WideFigure packets = 0;
    WideFigure flows = 0;

    template <typename Other>
    void add(const Other& other) noexcept {
        bytes += other.bytes;
        packets += other.packets;
        flows += other.flows;
    }
    bool operator==(const WideFigures&) const = default;
};

// The part of a sum that scaling added, and its variances.
struct SignedEstimate {
    std::int64_t bytes = 0;
    std::int64_t packets = 0;
    std::int64_t bytes_variance = 0;
    std::int64_t packets_variance = 0;

    void add(const SignedEstimate& other) noexcept {
        bytes = saturated(bytes, other.bytes);
        packets = saturated(packets, other.packets);
        bytes_variance = saturated(bytes_variance, other.bytes_variance);
        packets_variance = saturated(packets_variance, other.packets_variance);
    }
    bool operator==(const SignedEstimate&) const = default;
    // Negative figures become 0.
    [[nodiscard]] Estimate estimate() const noexcept {
        const auto figure = [](std::int64_t v) {
            return static_cast<std::uint64_t>(v > 0 ? v : 0);
        };
        return {figure(bytes), figure(packets), figure(bytes_variance), figure(packets_variance)};
    }

private:
    [[nodiscard]] static std::int64_t saturated(std::int64_t a, std::int64_t b) noexcept {
        std::int64_t sum = 0;
        if (!__builtin_add_overflow(a, b, &sum)) return sum;
        return a < 0 ? INT64_MIN : INT64_MAX;
    }
};

using Groups = boost::unordered_flat_map<GroupKey, WideFigures, GroupHash>;
// Contains only the groups with sampled transfers. Groups may be millions, and most ledgers have no
// samples.
using Estimates = boost::unordered_flat_map<GroupKey, SignedEstimate, GroupHash>;

// The Error over_limit: a sum by day is not known. The rows that it consists of are.
[[nodiscard]] Error day_sum_is_at_limit(const Database& db);

// The result of Query::sums(). corrupt: a name is missing.
[[nodiscard]] Result<std::vector<TransferSum>> name_groups(const Database& db,
                                                           const SumQuestion& question,
                                                           const EndTable& ends, Groups groups,
                                                           const Estimates& estimates,
                                                           const Versions& versions);

}  // namespace octroi::sqlite
