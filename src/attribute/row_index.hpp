// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds rows of somebody's vector by their key: an open-addressing table of row numbers, each with
// half of its key's hash, so that rows of other keys are hardly ever looked at and growing looks at
// none. The rows stay where they are and keep their order; clearing keeps the memory.

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

    // The row for which equals(row) holds, or `next_row` if there is none: it is then in the index
    // and the caller appends it.
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

    // For __builtin_prefetch by callers that know a few keys ahead: where find_or_insert() will
    // look at first (null while there is nothing), and then the row that it will most likely
    // compare (absent: none).
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

    void clear() noexcept {
        slots_.assign(slots_.size(), empty);
        count_ = 0;
    }
    // Gives the memory back too.
    void reset() noexcept {
        std::pmr::vector<std::uint64_t>(slots_.get_allocator()).swap(slots_);
        count_ = 0;
    }
    [[nodiscard]] std::size_t memory() const noexcept {
        return slots_.capacity() * sizeof(std::uint64_t);
    }

private:
    // A slot: the upper half of the hash, and the row's number.
    static constexpr std::uint64_t tag_mask = 0xFFFFFFFF00000000U;
    static constexpr std::uint64_t empty = absent;  // its number is never a row's
    static constexpr std::size_t slots_first = 64;
    static constexpr std::size_t slots_max = std::size_t{1} << 32U;

    [[nodiscard]] std::uint64_t mask() const noexcept { return slots_.size() - 1; }
    // By the first bits of the hash, which stand in the slot: growing keeps the order of slots.
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

    std::pmr::vector<std::uint64_t> slots_;  // a power of two, or none
    unsigned shift_ = 0;                     // 64 - log2 of their number
    std::size_t count_ = 0;
};

}  // namespace octroi
