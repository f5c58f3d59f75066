// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Rests between the slices of long work, so that other writers get their turn. A writer that waits
// for the lock of SQLite does not queue: it tries again after 1, 2, 5, 10, 15, 20 and 25 ms, then
// every 25 to 100 ms. So the lock must be free about as long as it was held, and for some
// milliseconds at once.

#include <poll.h>

#include <algorithm>
#include <chrono>

namespace octroi::sqlite {

class SliceRest {
public:
    // Runs one slice, a function that returns with its transaction ended, then rests.
    template <typename Slice>
    [[nodiscard]] auto run(Slice slice) {
        const auto begin = std::chrono::steady_clock::now();
        auto result = slice();
        held_ += std::chrono::steady_clock::now() - begin;
        // Many small slices are like one.
        if (held_ >= held_max) {
            rest(std::min<Clock>(held_, rest_max));
            held_ = {};
        }
        return result;
    }

private:
    using Clock = std::chrono::steady_clock::duration;
    static void rest(Clock length) {
        const timespec limit{0, std::chrono::nanoseconds(length).count()};
        ppoll(nullptr, 0, &limit, nullptr);
    }
    static constexpr Clock held_max = std::chrono::milliseconds(10);
    static constexpr Clock rest_max = std::chrono::milliseconds(200);

    Clock held_{};  // since the last rest
};

}  // namespace octroi::sqlite
