// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Collects readings, so that the sink is called once for many. Small enough for the first caches.

#include <array>
#include <cstddef>
#include <span>

#include "record/reading_sink.hpp"

namespace octroi::capture {

class ReadingBuffer {
public:
    // The sink must outlive the use of next() and flush(). To be set before each pull.
    void set_sink(ReadingSink& sink) noexcept { sink_ = &sink; }

    // Room for one more reading. The caller writes all of it.
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
