// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Appends messages to a journal. One thread.

#include <atomic>
#include <cstddef>

#include "base/result.hpp"
#include "host/datagrams.hpp"
#include "meter/journal/message.hpp"
#include "meter/journal/segment_ring.hpp"

namespace octroi::journal {

class Writer {
public:
    // The ring must outlive the writer.
    explicit Writer(SegmentRing& ring) : ring_(&ring) {}

    // Receives datagrams into the current segment with one call of the source, at most
    // datagram_batch. Returns how many; 0: the source had none, or the journal is full. A received
    // datagram is in the journal, also if the process is killed before this returns. Errors: those
    // of the source, and of a new segment.
    [[nodiscard]] Result<std::size_t> receive(DatagramSource& source, UtcTime now);
    // Appends a copy of a message. False: the journal is full; nothing was appended. Errors: those
    // of a new segment.
    [[nodiscard]] Result<bool> append(const Message& message);
    // The limit of the journal or the disk was reached at the last call of the two above. It stays
    // so until one of them succeeds after a release. From any thread.
    [[nodiscard]] bool is_full() const noexcept { return full_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] Result<bool> find_free_slot();

    SegmentRing* ring_;
    Segment* segment_ = nullptr;  // null: none was begun, or the last one is closed
    std::atomic<bool> full_{false};
};

}  // namespace octroi::journal
