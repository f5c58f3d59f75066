// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the messages of a journal in the order in which they were written. One thread.

#include <vector>

#include "meter/journal/message.hpp"
#include "meter/journal/position.hpp"
#include "meter/journal/segment_ring.hpp"

namespace octroi::journal {

class Reader {
public:
    // Starts at `from`. The ring must outlive the reader.
    Reader(const SegmentRing& ring, Position from) : ring_(&ring), at_(from) {}

    // Fills `out` with the next message. False: there is none yet; call again later. The octets are
    // valid until the next call, and at the longest until a release that covers the message.
    [[nodiscard]] bool next(Message& out);
    // Behind the last message that next() gave.
    [[nodiscard]] Position position() const noexcept { return at_; }

private:
    [[nodiscard]] bool find_segment();

    const SegmentRing* ring_;
    Position at_;
    Segment* segment_ = nullptr;    // of number at_.segment; null: it has to be looked for
    std::vector<std::byte> whole_;  // the last message, where it was longer than its slot
};

}  // namespace octroi::journal
