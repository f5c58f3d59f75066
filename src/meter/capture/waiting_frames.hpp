// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The frames of one interface that wait until it is known whether another interface saw them first.

#include <cstddef>
#include <vector>

#include "base/time.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

// A queue. It keeps the memory of its largest size: at most 8 MiB, 128 octets for each frame.
class WaitingFrames {
public:
    static constexpr std::size_t limit = std::size_t{1} << 16U;

    struct Frame {
        Sample sample;
        Duration read_at;  // uptime
    };

    [[nodiscard]] bool empty() const noexcept { return first_ == frames_.size(); }
    [[nodiscard]] bool full() const noexcept { return frames_.size() - first_ >= limit; }
    [[nodiscard]] const Frame& front() const noexcept { return frames_[first_]; }
    void push(const Sample& sample, Duration read_at) { frames_.push_back({sample, read_at}); }
    void pop() {
        ++first_;
        // Moves the rest to the front only when half is free: constant cost per frame.
        if (first_ * 2 < frames_.size() && !empty()) return;
        frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }

private:
    std::vector<Frame> frames_;
    std::size_t first_ = 0;
};
static_assert(sizeof(WaitingFrames::Frame) <= 128);

}  // namespace octroi::capture
