// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds rows of somebody's vector by their key: an open-addressing table of row numbers, nothing
// else. The rows stay where they are and keep their order; clearing keeps the memory.

#include <cstdint>
#include <vector>

#include "base/check.hpp"

namespace octroi {

class RowIndex {
public:
    static constexpr std::uint32_t absent = 0xFFFFFFFFU;

    // The row for which equals(row) holds, or `next_row` if there is none: it is then in the index
    // and the caller appends it. hash_of(row) gives the hash of a row already in the index.
    template <typename Equals, typename HashOf>
    [[nodiscard]] std::uint32_t find_or_insert(std::uint64_t hash, std::uint32_t next_row,
                                               Equals equals, HashOf hash_of) {
        if (count_ * 4 >= slots_.size() * 3) grow(hash_of);
        std::uint64_t at = hash & mask();
        while (slots_[at] != absent) {
            if (equals(slots_[at])) return slots_[at];
            at = (at + 1) & mask();
        }
        CHECK(next_row != absent);
        slots_[at] = next_row;
        ++count_;
        return next_row;
    }

    void clear() noexcept {
        slots_.assign(slots_.size(), absent);
        count_ = 0;
    }
    // Gives the memory back too.
    void reset() noexcept {
        slots_ = std::vector<std::uint32_t>();
        count_ = 0;
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return slots_.capacity() * sizeof(std::uint32_t);
    }

private:
    [[nodiscard]] std::uint64_t mask() const noexcept { return slots_.size() - 1; }

    template <typename HashOf>
    void grow(HashOf hash_of) {
        const std::vector<std::uint32_t> old = std::move(slots_);
        slots_.assign(old.empty() ? 64 : old.size() * 2, absent);
        for (const std::uint32_t row : old) {
            if (row == absent) continue;
            std::uint64_t at = hash_of(row) & mask();
            while (slots_[at] != absent) at = (at + 1) & mask();
            slots_[at] = row;
        }
    }

    std::vector<std::uint32_t> slots_;  // a power of two, or none
    std::size_t count_ = 0;
};

}  // namespace octroi
