// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A slice of time of `octroi rebook`: the sums as they should be, those of the ledger, and the
// corrections that turn these into those. Pure.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "ledger/query.hpp"
#include "record/batch.hpp"

namespace octroi {

// Numbers for values, from 0.
template <typename Value>
class ValueNumbers {
public:
    std::uint32_t of(const Value& value) {
        const auto [at, is_new] =
            numbers_.try_emplace(value, static_cast<std::uint32_t>(values_.size()));
        if (is_new) values_.push_back(value);
        return at->second;
    }
    [[nodiscard]] const Value& at(std::uint32_t number) const { return values_[number]; }

private:
    std::map<Value, std::uint32_t> numbers_;
    std::vector<Value> values_;
};

struct SliceKey {
    std::uint32_t meter = 0;
    UtcTime bucket;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t service = 0;

    auto operator<=>(const SliceKey&) const = default;
};

// A transfer that belongs to another key than the meter gave it.
struct SliceMove {
    SliceKey before;
    SliceKey after;
    Volume volume;
};

class RebookSlice {
public:
    [[nodiscard]] SliceKey key_of(const TransferSum& sum);
    [[nodiscard]] std::uint32_t number_of(const Party& party) { return parties_.of(party); }
    [[nodiscard]] std::uint32_t service_number(const std::string& name) {
        return services_.of(name);
    }

    // A row of the ledger without corrections, and where it belongs.
    void add_observed(const SliceKey& before, const SliceKey& after, const TransferSum& sum);
    // A row of the ledger with corrections.
    void add_booked(const TransferSum& sum);

    // What moves, in pairs, by bucket. To be called once, after all rows. identities: only moves
    // that are connected, within a bucket, with a party of one of them (identity_text()); empty:
    // all moves.
    [[nodiscard]] std::vector<SliceMove> moves(const std::set<std::string>& identities = {});
    // One batch for each meter with differences, after moves(): of its moves. The batches have no
    // id, booked_at, versions and reason.
    [[nodiscard]] std::vector<Batch> corrections(const Interval& corrected) const;

    [[nodiscard]] const Party& party(std::uint32_t number) const { return parties_.at(number); }
    [[nodiscard]] const std::string& service(std::uint32_t number) const {
        return services_.at(number);
    }

private:
    struct Sum {
        Volume volume;
        Estimate estimate;

        // The variances need not be equal: where they are saturated, their sums are not exact.
        [[nodiscard]] bool is_same(const Sum& other) const {
            return volume == other.volume && estimate.bytes == other.estimate.bytes &&
                   estimate.packets == other.estimate.packets;
        }
    };
    struct Sums {
        Sum wanted;
        Sum booked;
    };
    struct Hash {
        std::size_t operator()(const SliceKey& key) const noexcept {
            const std::uint64_t ends = std::uint64_t{key.from} << 32U | key.to;
            const std::uint64_t rest = std::uint64_t{key.service} << 32U | key.meter;
            return mix(ends ^ mix_a, mix(static_cast<std::uint64_t>(key.bucket.ns), rest ^ mix_b));
        }
    };
    // The keys with differences, sorted.
    [[nodiscard]] std::vector<SliceKey> changed() const;
    // Leaves moves that are connected with the identities, and their keys in selected_.
    void select(std::vector<SliceMove>& moves, const std::set<std::string>& identities);
    [[nodiscard]] bool has_identity(const SliceKey& key,
                                    const std::set<std::string>& identities) const;
    [[nodiscard]] bool is_balanced(const std::vector<SliceKey>& keys) const;

    ValueNumbers<MeterName> meters_;
    ValueNumbers<Party> parties_;
    ValueNumbers<std::string> services_;
    boost::unordered_flat_map<SliceKey, Sums, Hash> sums_;
    std::vector<SliceMove> provenance_;
    std::optional<std::set<SliceKey>> selected_;  // nullopt: all keys
};

}  // namespace octroi
