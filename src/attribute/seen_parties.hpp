// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Parties that no table lists: single addresses of per-address networks and bindings, and names of
// the meter. Only parties that were seen take memory, at most 70 octets each (a row of 24, twice
// while the vector grows, and 11 to 22 of index). A /8 with all its addresses in use takes about
// 1 GB.

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "attribute/row_index.hpp"
#include "base/address.hpp"
#include "base/hash.hpp"

namespace octroi {

class SeenParties {
public:
    struct Row {
        // The address. Of a name: the number of its row as an IPv4 address.
        Address address;
        // Index of CompiledDirectory::owners(), or a mark of PartyResolver.
        std::uint32_t owner = 0;

        auto operator<=>(const Row&) const = default;
    };

    // seed: of the hash table. memory must outlive it.
    SeenParties(std::uint64_t seed, std::pmr::memory_resource& memory)
        : seed_(seed | 1U), rows_(&memory), index_(memory) {}

    [[nodiscard]] std::uint32_t row_of(std::uint32_t owner, const Address& address) {
        return row_of(owner, address, hash(owner, address));
    }
    [[nodiscard]] std::uint32_t row_of(std::uint32_t owner, const Address& address,
                                       std::uint64_t hash_of_both) {
        const auto next = static_cast<std::uint32_t>(rows_.size());
        const std::uint32_t row = index_.find_or_insert(hash_of_both, next, [&](std::uint32_t r) {
            return rows_[r].owner == owner && rows_[r].address == address;
        });
        if (row == next) rows_.push_back({address, owner});
        return row;
    }
    // For prefetching, see RowIndex.
    [[nodiscard]] std::uint64_t hash(std::uint32_t owner, const Address& address) const noexcept {
        const auto [high, low] = address.words();
        return mix(high ^ mix_a ^ owner, mix(low ^ seed_, mix_b) ^ mix_c);
    }
    [[nodiscard]] const RowIndex& index() const noexcept { return index_; }

    [[nodiscard]] const Row& row(std::uint32_t at) const noexcept { return rows_[at]; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    void reserve(std::size_t rows) { rows_.reserve(rows); }
    void reset() noexcept {
        std::pmr::vector<Row>(rows_.get_allocator()).swap(rows_);
        index_.reset();
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return rows_.capacity() * sizeof(Row) + index_.memory();
    }

private:
    std::uint64_t seed_;
    std::pmr::vector<Row> rows_;
    RowIndex index_;
};

}  // namespace octroi
