// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Parties that are single addresses: only those seen, at most 64 octets each (24 of row, up to
// twice for a growing vector, and 4 to 11 of index), so that a /8 that is wholly in use takes about
// 1 GB and one with a thousand hosts next to nothing.

#include <cstdint>
#include <cstring>
#include <vector>

#include "attribute/row_index.hpp"
#include "base/address.hpp"
#include "base/hash.hpp"

namespace octroi {

class AddressParties {
public:
    struct Row {
        Address address;
        std::uint32_t owner = 0;  // CompiledDirectory::owners()

        auto operator<=>(const Row&) const = default;
    };

    explicit AddressParties(std::uint64_t seed) noexcept : seed_(seed | 1U) {}

    [[nodiscard]] std::uint32_t row_of(std::uint32_t owner, const Address& address) {
        const auto next = static_cast<std::uint32_t>(rows_.size());
        const Row wanted{address, owner};
        const std::uint32_t row = index_.find_or_insert(
            hash(wanted), next, [&](std::uint32_t r) { return rows_[r] == wanted; },
            [&](std::uint32_t r) { return hash(rows_[r]); });
        if (row == next) rows_.push_back(wanted);
        return row;
    }
    [[nodiscard]] const Row& row(std::uint32_t at) const noexcept { return rows_[at]; }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    void reset() noexcept {
        rows_ = std::vector<Row>();
        index_.reset();
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return rows_.capacity() * sizeof(Row) + index_.memory();
    }

private:
    [[nodiscard]] std::uint64_t hash(const Row& row) const noexcept {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::memcpy(&high, row.address.octets.data(), 8);
        std::memcpy(&low, row.address.octets.data() + 8, 8);
        return mix(high ^ mix_a ^ row.owner, mix(low ^ seed_, mix_b) ^ mix_c);
    }

    std::uint64_t seed_;
    std::vector<Row> rows_;
    RowIndex index_;
};

}  // namespace octroi
