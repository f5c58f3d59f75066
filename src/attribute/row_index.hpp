// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An index of the rows of a vector by their key: a table of row numbers with open addressing. Each
// slot also has half of the hash of the key, so that a look-up hardly ever reads a row of another
// key, and growing reads none. The rows keep their order.

#include <bit>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/check.hpp"

namespace octroi {

class RowIndex {
public:
    static constexpr std::uint32_t absent = 0xFFFFFFFFU;

    // The memory must outlive the index.
    explicit RowIndex(std::pmr::memory_resource& memory) : slots_(&memory) {}

    // The row for which equals(row) is true. If there is none: adds `next_row` to the index and
    // returns it; the caller appends the row.
    template <typename Equals>
    [[nodiscard]] std::uint32_t find_or_insert(std::uint64_t hash, std::uint32_t next_row,
                                               Equals equals) {
        if (count_ * 4 >= slots_.size() * 3) grow();
        const std::uint64_t tag = hash & tag_mask;
        std::uint64_t at = home(hash);
        for (; slots_[at] != empty; at = (at + 1) & mask()) {
            const std::uint64_t slot = slots_[at];
            if ((slot & tag_mask) == tag && equals(static_cast<std::uint32_t>(slot)))
                return static_cast<std::uint32_t>(slot);
        }
        CHECK(next_row != absent);
        slots_[at] = tag | next_row;
        ++count_;
        return next_row;
    }

    // For __builtin_prefetch by callers that know the next keys: the slot that find_or_insert()
    // reads first (null: the index is empty), and then the row that it will most likely compare
    // (absent: none).
    [[nodiscard]] const void* first_step(std::uint64_t hash) const noexcept {
        return slots_.empty() ? nullptr : &slots_[home(hash)];
    }
    [[nodiscard]] std::uint32_t likely(std::uint64_t hash) const noexcept {
        if (slots_.empty()) return absent;
        const std::uint64_t tag = hash & tag_mask;
        for (std::uint64_t at = home(hash);; at = (at + 1) & mask()) {
            const std::uint64_t slot = slots_[at];
            if (slot == empty) return absent;
            if ((slot & tag_mask) == tag) return static_cast<std::uint32_t>(slot);
        }
    }

    // Keeps the memory.
    void clear() noexcept {
        slots_.assign(slots_.size(), empty);
        count_ = 0;
    }
    // Releases the memory too.
    void reset() noexcept {
        std::pmr::vector<std::uint64_t>(slots_.get_allocator()).swap(slots_);
        count_ = 0;
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return slots_.capacity() * sizeof(std::uint64_t);
    }

private:
    // A slot: the upper half of the hash, and the number of the row.
    static constexpr std::uint64_t tag_mask = 0xFFFFFFFF00000000U;
    static constexpr std::uint64_t empty = absent;  // never the number of a row
    static constexpr std::size_t slots_first = 64;
    static constexpr std::size_t slots_max = std::size_t{1} << 32U;

    [[nodiscard]] std::uint64_t mask() const noexcept { return slots_.size() - 1; }
    // From the first bits of the hash, which are in the slot too: growing needs no other memory.
    [[nodiscard]] std::uint64_t home(std::uint64_t hash) const noexcept { return hash >> shift_; }

    void grow() {
        const std::pmr::vector<std::uint64_t> old = std::move(slots_);
        CHECK(old.size() < slots_max);
        slots_.assign(old.empty() ? slots_first : old.size() * 2, empty);
        shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
        for (const std::uint64_t slot : old) {
            if (slot == empty) continue;
            std::uint64_t at = home(slot);
            while (slots_[at] != empty) at = (at + 1) & mask();
            slots_[at] = slot;
        }
    }

    std::pmr::vector<std::uint64_t> slots_;  // their number is a power of two, or 0
    unsigned shift_ = 0;                     // 64 - log2 of that number
    std::size_t count_ = 0;
};

}  // namespace octroi
