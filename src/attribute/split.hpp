// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Splitting a count over time: in proportion, in integers, with the sum kept.

#include <cstdint>

#include "base/time.hpp"

namespace octroi {

// A reading's times are those of its first and last packet, both inside: [first, last] is
// [first, last + 1 ns). One that lasts no time is a point, and its whole count lies there.
//
// The share up to a moment is floor(total * elapsed / length); a part gets the difference of two
// such shares. So parts add up to the total exactly, none is off its true proportion by 1 or more,
// and where the cuts lie changes nothing but the parts that they bound.
class TimeSplit {
public:
    // Requires first <= last.
    TimeSplit(UtcTime first, UtcTime last, std::uint64_t total) noexcept
        : total_(total),
          first_(static_cast<std::uint64_t>(first.ns)),
          to_last_(static_cast<std::uint64_t>(last.ns) - first_) {}

    // What lies between the moment of the call before (at first: the beginning) and `until`, which
    // must not go back. With until > last: all the rest.
    [[nodiscard]] std::uint64_t part_until(UtcTime until) noexcept {
        const std::uint64_t share = share_until(until);
        const std::uint64_t part = share - taken_;
        taken_ = share;
        return part;
    }

private:
    [[nodiscard]] std::uint64_t share_until(UtcTime until) const noexcept {
        // Unsigned differences hold also where the signed ones would overflow (1677 to 2262).
        const std::uint64_t elapsed = static_cast<std::uint64_t>(until.ns) - first_;
        if (elapsed > to_last_) return total_;
        const Wide length = Wide{to_last_} + 1;
        return static_cast<std::uint64_t>(Wide{total_} * elapsed / length);
    }

    __extension__ using Wide = unsigned __int128;
    std::uint64_t total_;
    std::uint64_t taken_ = 0;
    std::uint64_t first_;
    std::uint64_t to_last_;
};

}  // namespace octroi
