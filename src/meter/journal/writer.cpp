// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/writer.hpp"

#include <utility>

namespace octroi::journal {

// Makes sure that segment_ has a free slot. False: the journal is full.
Result<bool> Writer::find_free_slot() {
    if (segment_ != nullptr && !segment_->is_full()) return true;
    // Closed at once, whether there is a next one or not: the reader can then finish and release
    // it, which is the only way to a next one when the journal is full.
    if (segment_ != nullptr) std::exchange(segment_, nullptr)->close();
    TRY_ASSIGN(segment_, ring_->begin_next());
    full_.store(segment_ == nullptr, std::memory_order_relaxed);
    return segment_ != nullptr;
}

Result<std::size_t> Writer::receive(DatagramSource& source, UtcTime now) {
    TRY_ASSIGN(const bool has_slot, find_free_slot());
    if (!has_slot) return 0;
    TRY_ASSIGN(const std::size_t received, source.receive(segment_->free_slots(), now));
    if (received > 0) segment_->publish(received);
    return received;
}

Result<bool> Writer::append(const Message& message) {
    TRY_ASSIGN(const bool has_slot, find_free_slot());
    return has_slot && segment_->append(message);
}

}  // namespace octroi::journal
