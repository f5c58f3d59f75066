// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How fast the sequence numbers of one stream advance, and so how far they can have advanced during
// a silence. A larger jump is no loss: the exporter, or another one behind the same address, has
// started a new count.

#include <algorithm>
#include <cstdint>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::exporter {

class NumberRate {
public:
    // The rate is measured over this many messages at a time.
    static constexpr std::uint32_t window = 64;
    // A stream may advance this many times faster than measured.
    static constexpr std::uint64_t margin = 16;
    // Assumed before the first measurement, in numbers per second.
    static constexpr std::uint64_t usual_records = 4096;
    static constexpr std::uint64_t usual_messages = 256;
    // Half the number space: the direction of a larger jump cannot be determined.
    static constexpr std::uint64_t largest = 0x7fffffff;

    // The first message of the stream was received.
    void start(UtcTime received) noexcept { since_ = received; }
    // Our clock was set back by so much.
    void shift_back(Duration by) noexcept { since_ = since_ - by; }
    // A message was received, by which the stream advanced by so many numbers, gaps included.
    void add(std::uint64_t numbers, UtcTime received) noexcept {
        advance_ += numbers;
        if (++messages_ < window) return;
        const std::int64_t ms = std::max<std::int64_t>((received - since_).ns / 1'000'000, 1);
        const std::uint64_t measured =
            std::min(advance_, largest) * 1000U / static_cast<std::uint64_t>(ms);
        // A falling rate falls slowly: a stream that pauses goes on as fast as before.
        per_second_ = std::min(std::max(measured, per_second_ / 2), largest);
        advance_ = 0;
        messages_ = 0;
        since_ = received;
    }
    // The largest plausible jump after a silence. `usual`: the rate assumed at the least.
    [[nodiscard]] std::uint32_t largest_jump(Duration silence, std::uint64_t usual) const noexcept {
        const std::int64_t ns = std::max<std::int64_t>(0, silence.ns);
        const std::uint64_t seconds = static_cast<std::uint64_t>(ns) / 1'000'000'000U + 1;
        const std::uint64_t rate = std::min(std::max(per_second_, usual) * margin, largest);
        if (seconds > largest / rate) return largest;
        return static_cast<std::uint32_t>(seconds * rate);
    }

    void save(ByteWriter& to) const {
        to.be64(per_second_);
        to.be64(advance_);
        to.be32(messages_);
        to.be64(static_cast<std::uint64_t>(since_.ns));
    }
    [[nodiscard]] bool restore(ByteCursor& from) noexcept {
        std::uint64_t since_ns = 0;
        if (!from.be64(per_second_) || !from.be64(advance_) || !from.be32(messages_)) return false;
        if (!from.be64(since_ns)) return false;
        since_.ns = static_cast<std::int64_t>(since_ns);
        return true;
    }

private:
    std::uint64_t per_second_ = 0;  // 0: not measured yet
    // Of the measurement that is going on:
    std::uint64_t advance_ = 0;
    std::uint32_t messages_ = 0;
    UtcTime since_;
};

}  // namespace octroi::exporter
