// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A cache of the look-up results by Reading::flow_slot: the next reading of a flow needs no
// look-up. 28 octets for each slot in use.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "record/reading.hpp"

namespace octroi {

class FlowSlots {
public:
    static constexpr std::size_t expected = std::size_t{1} << 22U;
    // Readings with larger slots are not cached.
    static constexpr std::size_t slots_max = std::size_t{1} << 24U;

    // Valid in the buckets [first, end). first == end: the slot is empty.
    struct Answer {
        std::int32_t first = 0;
        std::int32_t end = 0;
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        // The row of the tally to which the flow was added last. Valid if row_generation is that of
        // the current batch.
        std::uint32_t row = 0;
        std::uint32_t row_generation = 0;
    };

    // memory must outlive it.
    explicit FlowSlots(std::pmr::memory_resource& memory) : answers_(&memory) {}
    void reserve() { answers_.reserve(expected); }
    void clear() noexcept { answers_.clear(); }

    [[nodiscard]] bool holds(const Reading& reading) const noexcept {
        return reading.flow_slot < answers_.size();
    }
    // Requires holds().
    [[nodiscard]] Answer& of(const Reading& reading) noexcept {
        return answers_[reading.flow_slot];
    }
    // nullptr: the reading has no slot, or none that was used yet.
    [[nodiscard]] Answer* find(const Reading& reading) noexcept {
        return reading.flow_slot == 0 || !holds(reading) ? nullptr : &of(reading);
    }
    void remember(const Reading& reading, const Answer& answer) {
        const std::size_t slot = reading.flow_slot;
        if (slot == 0 || slot >= slots_max) return;
        if (slot >= answers_.size()) {
            // The numbers are dense. The capacity doubles, but only used slots are written.
            constexpr std::size_t more = 1024;
            answers_.resize(slot + more);
        }
        answers_[slot] = answer;
    }

private:
    std::pmr::vector<Answer> answers_;
};

}  // namespace octroi
