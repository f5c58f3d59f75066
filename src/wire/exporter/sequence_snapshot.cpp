// SPDX-License-Identifier: GPL-3.0-or-later
// SequenceTracker as it stands in a snapshot.

#include "wire/exporter/sequence_tracker.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {
namespace {

void put_optional(ByteWriter& to, const std::optional<std::uint32_t>& value) {
    to.u8(value ? 1 : 0);
    to.be32(value.value_or(0));
}

bool get_optional(ByteCursor& from, std::optional<std::uint32_t>& value) {
    bool present = false;
    std::uint32_t number = 0;
    if (!get(from, present) || !from.be32(number)) return false;
    value.reset();
    if (present) value = number;
    return true;
}

bool get_numbering(ByteCursor& from, Numbering& numbering) {
    std::uint8_t value = 0;
    if (!from.u8(value) || value > static_cast<std::uint8_t>(Numbering::records_and_templates))
        return false;
    numbering = Numbering{value};
    return true;
}

bool get_gap(ByteCursor& from, Gap& gap) {
    return from.be32(gap.begin) && from.be32(gap.length) && from.be32(gap.age) &&
           get(from, gap.interval.begin) && get(from, gap.interval.end);
}

}  // namespace

void SequenceTracker::save(ByteWriter& to) const {
    to.u8(static_cast<std::uint8_t>(numbering_));
    to.u8(next_known_ ? 1 : 0);
    to.be32(next_);
    put_optional(to, next_if_restarted_);
    put_optional(to, next_before_restart_);
    to.be32(messages_since_restart_);
    put_optional(to, uptime_ms_);
    to.be64(recent_.count());
    put(to, received_);
    to.be32(most_records_);
    rate_.save(to);
    recent_.save(to);
    to.u8(static_cast<std::uint8_t>(gaps_.size()));
    for (const Gap& gap : gaps_) {
        to.be32(gap.begin);
        to.be32(gap.length);
        to.be32(gap.age);
        put(to, gap.interval.begin);
        put(to, gap.interval.end);
    }
}

bool SequenceTracker::restore(ByteCursor& from, std::uint32_t version) {
    std::uint64_t messages = 0;
    std::uint8_t gaps = 0;
    if (!get_numbering(from, numbering_) || !get(from, next_known_) || !from.be32(next_))
        return false;
    if (!get_optional(from, next_if_restarted_) || !get_optional(from, next_before_restart_))
        return false;
    if (!from.be32(messages_since_restart_) || !get_optional(from, uptime_ms_)) return false;
    if (!from.be64(messages) || !get(from, received_)) return false;
    if (version >= 5 && (!from.be32(most_records_) || most_records_ == 0)) return false;
    if (!rate_.restore(from) || !recent_.restore(from, messages)) return false;
    if (!from.u8(gaps) || gaps > max_gaps) return false;
    gaps_.resize(gaps);
    for (Gap& gap : gaps_)
        if (!get_gap(from, gap)) return false;
    return true;
}

}  // namespace octroi::exporter
