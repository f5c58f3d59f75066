// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Frames without IP, or with a malformed IP header. They are summed by EtherType, VLAN, interface
// and direction, for each bucket, in a table of fixed size. They are in no flow, so their readings
// count no flows.

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "meter/capture/reading_buffer.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

class ExcludedFrames {
public:
    static constexpr std::size_t limit = 64;

    explicit ExcludedFrames(bool cut_at_buckets) : cut_at_buckets_(cut_at_buckets) {}

    // A sample with another outcome than ip. When the table is full, one of its rows is handed over
    // early.
    void add(const Sample& sample, ReadingBuffer& out);
    void hand_over(ReadingBuffer& out);

private:
    struct Row {
        std::uint64_t vlans_interface;  // the key of a row, with marks, kind and EtherType
        std::uint64_t marks;
        Reading reading;
    };
    bool cut_at_buckets_;
    std::vector<Row> rows_;
    std::size_t next_out_ = 0;  // the next row to hand over when all are in use
};

}  // namespace octroi::capture
