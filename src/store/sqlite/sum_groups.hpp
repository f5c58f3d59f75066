// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums grouped by row numbers of the database, and their conversion to sums by name.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// Row numbers; 0: the question does not group by this column.
struct GroupKey {
    std::int64_t bucket = 0;
    std::int64_t meter = 0;
    std::int64_t from = 0;  // a row of `party`, or of `holder` if identities are not grouped by
    std::int64_t to = 0;
    std::int64_t service = 0;

    bool operator==(const GroupKey&) const = default;
};

struct GroupHash {
    std::size_t operator()(const GroupKey& key) const noexcept {
        const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
        const std::uint64_t ends = mix(u(key.from) ^ mix_a, u(key.to) ^ mix_b);
        return mix(ends + u(key.service), u(key.bucket) ^ mix_c ^ (u(key.meter) << 40U));
    }
};

struct Figures {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;

    // False: a sum exceeds 64 bits.
    [[nodiscard]] bool add(const Figures& other) noexcept {
        const bool bytes_over = __builtin_add_overflow(bytes, other.bytes, &bytes);
        const bool packets_over = __builtin_add_overflow(packets, other.packets, &packets);
        const bool flows_over = __builtin_add_overflow(flows, other.flows, &flows);
        return !bytes_over && !packets_over && !flows_over;
    }
};

using Groups = boost::unordered_flat_map<GroupKey, Figures, GroupHash>;
// Contains only the groups with sampled transfers. Groups may be millions, and most ledgers have no
// samples.
using Estimates = boost::unordered_flat_map<GroupKey, Estimate, GroupHash>;

// The Error over_limit.
[[nodiscard]] Error sum_does_not_fit(const Database& db);

// The result of Query::sums(). corrupt: a name is missing.
[[nodiscard]] Result<std::vector<TransferSum>> name_groups(const Database& db,
                                                           const SumQuestion& question,
                                                           Groups groups,
                                                           const Estimates& estimates);

}  // namespace octroi::sqlite
