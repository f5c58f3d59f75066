// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Collects readings, so that one call of the sink hands over many. Small enough for the first-level
// caches.

#include <array>
#include <cstddef>
#include <span>

#include "record/reading_sink.hpp"

namespace octroi::capture {

class ReadingBuffer {
public:
    // Set it before each pull. The sink must outlive the calls of next() and flush().
    void set_sink(ReadingSink& sink) noexcept { sink_ = &sink; }

    // The next reading, for the caller to fill in; it still has the values of an earlier one.
    [[nodiscard]] Reading& next() {
        if (count_ == readings_.size()) flush();
        return readings_[count_++];
    }
    void flush() {
        if (count_ == 0) return;
        sink_->accept(std::span<const Reading>(readings_).first(count_));
        count_ = 0;
    }

private:
    std::array<Reading, 256> readings_;
    std::size_t count_ = 0;
    ReadingSink* sink_ = nullptr;
};

}  // namespace octroi::capture
