// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The frames of one interface that wait until it is known what other interfaces show of them.

#include <cstddef>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

// A queue. Its first frames are examined, the others are not. It keeps the memory of its largest
// size: at most 8 MiB, 128 octets for each frame.
class WaitingFrames {
public:
    static constexpr std::size_t limit = std::size_t{1} << 16U;

    struct Frame {
        Sample sample;
        Duration read_at;       // uptime
        bool own_end = false;   // an address of this machine, as the frame shows it
        bool examined = false;  // whether it came in or is a second sight is known
        bool settled = false;   // it need not wait
    };

    [[nodiscard]] bool empty() const noexcept { return first_ == frames_.size(); }
    [[nodiscard]] bool full() const noexcept { return frames_.size() - first_ >= limit; }
    [[nodiscard]] bool all_examined() const noexcept { return unexamined_ == frames_.size(); }
    [[nodiscard]] Frame& front() noexcept { return frames_[first_]; }
    // !all_examined()
    [[nodiscard]] Frame& first_unexamined() noexcept { return frames_[unexamined_]; }
    [[nodiscard]] std::span<const Frame> unexamined() const noexcept {
        return std::span(frames_).subspan(unexamined_);
    }
    void on_examined() noexcept { ++unexamined_; }
    void push(const Sample& sample, Duration read_at, bool own_end) {
        frames_.push_back({sample, read_at, own_end});
    }
    // The first frame is examined.
    void pop() {
        ++first_;
        // Moves the rest to the front only when half is free: constant cost per frame.
        if (first_ * 2 < frames_.size() && !empty()) return;
        frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
        unexamined_ -= first_;
        first_ = 0;
    }

private:
    std::vector<Frame> frames_;
    std::size_t first_ = 0;
    std::size_t unexamined_ = 0;
};
static_assert(sizeof(WaitingFrames::Frame) <= 128);

}  // namespace octroi::capture
