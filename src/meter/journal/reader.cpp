// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/reader.hpp"

namespace octroi::journal {

// A segment that is missing (a damaged file) is skipped: the next one is read from its beginning.
bool Reader::find_segment() {
    segment_ = ring_->find(at_.segment);
    if (segment_ == nullptr) return false;
    if (segment_->number() != at_.segment) at_ = {segment_->number(), 0};
    return true;
}

bool Reader::next(Message& out) {
    for (;;) {
        if (segment_ == nullptr && !find_segment()) return false;
        // In this order: the writer publishes before it closes, so what `used` does not show of a
        // closed segment does not exist.
        const bool closed = segment_->closed();
        const std::uint32_t used = segment_->used();
        while (at_.slot < used) {
            if (segment_->at(at_.slot++, out, whole_)) return true;
        }
        if (!closed) return false;
        at_ = {at_.segment + 1, 0};
        segment_ = nullptr;
    }
}

}  // namespace octroi::journal
