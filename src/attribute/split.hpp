// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Splits a count over time: in proportion, in integers, with the sum kept.

#include <cstdint>

#include "base/time.hpp"

namespace octroi {

// The times of a reading are those of its first and last packet: [first, last] is the same as
// [first, last + 1 ns). If both are equal, the whole count is at that time.
//
// The share until a time is floor(total * elapsed / length). A part is the difference of two
// shares. So the parts add up to the total, none differs from the exact proportion by 1 or more,
// and a cut changes only the two parts beside it.
class TimeSplit {
public:
    // Requires first <= last.
    TimeSplit(UtcTime first, UtcTime last, std::uint64_t total) noexcept
        : total_(total),
          first_(static_cast<std::uint64_t>(first.ns)),
          to_last_(static_cast<std::uint64_t>(last.ns) - first_) {}

    // The part between the `until` of the call before (at first: the begin) and `until`, which must
    // not be earlier. If until > last: all the rest.
    [[nodiscard]] std::uint64_t part_until(UtcTime until) noexcept {
        const std::uint64_t share = share_until(until);
        const std::uint64_t part = share - taken_;
        taken_ = share;
        return part;
    }

private:
    [[nodiscard]] std::uint64_t share_until(UtcTime until) const noexcept {
        // Unsigned, because a signed difference could overflow (1677 to 2262).
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
