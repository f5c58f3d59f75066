// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Frames that carry no IP, or an IP header that cannot be believed: summed by ethertype, VLAN,
// interface and direction, cut at bucket boundaries, in a small table that hostile input cannot
// make grow. They are in no flow, so their readings count none.

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "meter/capture/reading_buffer.hpp"
#include "meter/capture/sample.hpp"

namespace octroi::capture {

class LeftOutFrames {
public:
    static constexpr std::size_t limit = 64;

    explicit LeftOutFrames(bool cut_at_buckets) : cut_at_buckets_(cut_at_buckets) {}

    // A sample whose outcome is not ip.
    void add(const Sample& sample, ReadingBuffer& out);
    void hand_over(ReadingBuffer& out);

private:
    struct Row {
        std::uint64_t vlans_interface;  // what tells rows apart, with kind and ethertype
        std::uint64_t marks;
        Reading reading;
    };
    bool cut_at_buckets_;
    std::vector<Row> rows_;
    std::size_t next_out_ = 0;  // the row that makes room when all are in use
};

}  // namespace octroi::capture
