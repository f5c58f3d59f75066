// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The answer that was looked up for each flow of the meter, by Reading::flow_slot: the next reading
// of the flow needs no look-up. 28 octets for each slot in use.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "record/reading.hpp"

namespace octroi {

class FlowSlots {
public:
    static constexpr std::size_t expected = std::size_t{1} << 22U;
    // Readings with larger numbers are looked up each time.
    static constexpr std::size_t slots_max = std::size_t{1} << 24U;

    // Holds for the buckets [first, end); first == end: nothing is remembered.
    struct Answer {
        std::int32_t first = 0;
        std::int32_t end = 0;
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        // The row of the tally that it was last added to, while the generation is the batch's.
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
    // nullptr: nothing is remembered of the reading's flow, and nothing can be.
    [[nodiscard]] Answer* find(const Reading& reading) noexcept {
        return reading.flow_slot == 0 || !holds(reading) ? nullptr : &of(reading);
    }
    void remember(const Reading& reading, const Answer& answer) {
        const std::size_t slot = reading.flow_slot;
        if (slot == 0 || slot >= slots_max) return;
        if (slot >= answers_.size()) {
            // Dense numbers. The vector's capacity doubles; only what is used is filled.
            constexpr std::size_t more = 1024;
            answers_.resize(slot + more);
        }
        answers_[slot] = answer;
    }

private:
    std::pmr::vector<Answer> answers_;
};

}  // namespace octroi
