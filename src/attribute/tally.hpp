// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sums of the current batch: one row for each bucket, from, to and service.

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "attribute/row_index.hpp"
#include "base/hash.hpp"

namespace octroi {

// from and to are party numbers of PartyResolver. bucket: bucket_number.hpp.
struct TallyKey {
    std::int32_t bucket = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t service = 0;

    bool operator==(const TallyKey&) const = default;
};

struct TallyRow {
    TallyKey key;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
};

class Tally {
public:
    // seed: of the hash table. memory must outlive it.
    Tally(std::uint64_t seed, std::pmr::memory_resource& memory)
        : seed_(seed | 1U), rows_(&memory), index_(memory) {}

    // The index of the row with that key; adds the row if there is none. Valid until clear().
    [[nodiscard]] std::uint32_t row_of(const TallyKey& key) { return row_of(key, hash(key)); }
    [[nodiscard]] std::uint32_t row_of(const TallyKey& key, std::uint64_t hash_of_key) {
        const auto next = static_cast<std::uint32_t>(rows_.size());
        const std::uint32_t row = index_.find_or_insert(
            hash_of_key, next, [&](std::uint32_t r) { return rows_[r].key == key; });
        if (row == next) rows_.push_back({key, 0, 0, 0});
        return row;
    }
    // For prefetching, see RowIndex.
    [[nodiscard]] std::uint64_t hash(const TallyKey& key) const noexcept {
        const auto bucket = static_cast<std::uint32_t>(key.bucket);
        const std::uint64_t ends = std::uint64_t{key.from} << 32U | key.to;
        return mix(ends ^ mix_a,
                   (std::uint64_t{key.service} << 32U | bucket) ^ seed_ ^ mix(ends, mix_b));
    }
    [[nodiscard]] const RowIndex& index() const noexcept { return index_; }
    // Cannot overflow: Attributor bounds the total of all rows to 62 bits.
    void add(std::uint32_t row, std::uint64_t bytes, std::uint64_t packets,
             std::uint64_t flows) noexcept {
        TallyRow& r = rows_[row];
        r.bytes += bytes;
        r.packets += packets;
        r.flows += flows;
    }
    [[nodiscard]] const std::pmr::vector<TallyRow>& rows() const noexcept { return rows_; }
    [[nodiscard]] const TallyRow& row(std::uint32_t at) const noexcept { return rows_[at]; }

    void reserve(std::size_t rows) { rows_.reserve(rows); }
    // Keeps memory for at most `rows_kept` rows.
    void clear(std::size_t rows_kept) noexcept {
        if (rows_.capacity() > rows_kept) {
            std::pmr::vector<TallyRow>(rows_.get_allocator()).swap(rows_);
            index_.reset();
            return;
        }
        rows_.clear();
        index_.clear();
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return rows_.capacity() * sizeof(TallyRow) + index_.memory();
    }

private:
    std::uint64_t seed_;
    std::pmr::vector<TallyRow> rows_;
    RowIndex index_;
};

}  // namespace octroi
