// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sequence_tracker.hpp"

#include <algorithm>

namespace octroi::exporter {
namespace {

// Reordered messages make an exporter's uptime step back by less than this, a restart by more.
constexpr std::int64_t uptime_slack_ms = 30'000;

// Serial number arithmetic: positive if `to` is ahead of `from`.
std::int32_t distance(std::uint32_t from, std::uint32_t to) noexcept {
    return static_cast<std::int32_t>(to - from);
}

}  // namespace

std::uint32_t SequenceTracker::largest_jump(UtcTime received) const noexcept {
    const std::uint64_t usual =
        numbering_ == Numbering::messages ? NumberRate::usual_messages : NumberRate::usual_records;
    return rate_.largest_jump(received - received_, usual);
}

// The exporter's uptime went back, or further ahead than our clock did.
bool SequenceTracker::uptime_restarted(const NumberedMessage& message) const noexcept {
    if (!message.uptime_ms || !uptime_ms_) return false;
    const std::int64_t advance = distance(*uptime_ms_, *message.uptime_ms);
    const std::int64_t elapsed_ms = (message.received - received_).ns / 1'000'000;
    return advance < -uptime_slack_ms ||
           advance > std::max<std::int64_t>(elapsed_ms, 0) + 4 * uptime_slack_ms;
}

// Whether the number belongs to another count: it is too far ahead of the expected one, or, where
// none is expected, too far from the last one.
bool SequenceTracker::is_new_count(const NumberedMessage& message) const noexcept {
    if (next_known_) {
        const std::int64_t ahead = distance(next_, message.sequence);
        return ahead > 0 &&
               (uptime_restarted(message) || next_before_restart_ == message.sequence ||
                next_if_restarted_ == message.sequence || ahead > largest_jump(message.received));
    }
    if (recent_.count() == 0) return false;
    if (uptime_restarted(message)) return true;
    const std::uint32_t last = recent_.last_sequence();
    if (message.sequence == 0) return last != 0;
    const std::int64_t jump = distance(last, message.sequence);
    return std::max(jump, -jump) > largest_jump(message.received);
}

Gap* SequenceTracker::gap_of(std::uint32_t sequence) noexcept {
    for (Gap& gap : gaps_)
        if (sequence - gap.begin < gap.length) return &gap;
    return nullptr;
}

void SequenceTracker::add_recent(const NumberedMessage& message) noexcept {
    if (recent_.count() == 0) {
        rate_.start(message.received);
        received_before_ = message.received;
    } else {
        // The measurement goes on from the new time of a clock that was set back.
        if (message.received < received_) rate_.shift_back(received_ - message.received);
        received_before_ = received_;
    }
    recent_.add(message.sequence, message.content);
    received_ = message.received;
    for (Gap& gap : gaps_) ++gap.age;
    if (next_before_restart_ && ++messages_since_restart_ > window) next_before_restart_.reset();
}

void SequenceTracker::open_gap(std::uint32_t length, UtcTime before, UtcTime after) noexcept {
    // Our clock may have been set back between the two.
    gaps_.push_back({next_, length, 0, {std::min(before, after), std::max(before, after)}});
}

// A few messages far ahead, and then the count before them goes on: they were forged, or of another
// exporter behind the address. Gaps between them are no loss of this one, unless their count has
// gone on before too.
void SequenceTracker::drop_gaps_of_unknown_count() noexcept {
    if (is_known_count_ || messages_since_restart_ >= few_messages) return;
    std::erase_if(gaps_, [](const Gap& gap) { return gap.age < few_messages; });
}

SequenceTracker::Arrival SequenceTracker::restart(const NumberedMessage& message) noexcept {
    const bool goes_on = next_before_restart_ == message.sequence;
    if (goes_on) drop_gaps_of_unknown_count();
    is_known_count_ = goes_on;
    // No message will fill the gaps from before the restart.
    for (Gap& gap : gaps_) gap.age = window;
    next_before_restart_.reset();
    if (next_known_) next_before_restart_ = next_;
    messages_since_restart_ = 0;
    next_if_restarted_.reset();
    jump_.reset();
    undone_.reset();
    position_ = Position::in_sequence;
    next_ = message.sequence;
    uptime_ms_ = message.uptime_ms;
    return Arrival::restart;
}

// The number lies before the expected one.
SequenceTracker::Arrival SequenceTracker::arrive_behind(const NumberedMessage& message) noexcept {
    if (gap_of(message.sequence) != nullptr) {
        position_ = Position::in_gap;
        return Arrival::late;
    }
    if (uptime_restarted(message)) return restart(message);
    if (next_if_restarted_ == message.sequence || next_before_restart_ == message.sequence)
        return restart(message);
    // An exporter that counts from 0 has restarted; one that always sends 0 numbers nothing.
    if (message.sequence == 0 && recent_.last_sequence() != 0) return restart(message);
    position_ = Position::uncertain;
    return Arrival::late;
}

SequenceTracker::Arrival SequenceTracker::arrive(const NumberedMessage& message) noexcept {
    if (numbering_ == Numbering::records_including) return arrive_including(message);
    const std::int32_t jump = distance(next_, message.sequence);
    const bool expected = !next_known_ || jump == 0;
    current_ = message.sequence;
    // The number that is expected cannot have been received, unless records were not counted.
    if ((!next_known_ || jump != 0) && recent_.contains(message.sequence, message.content))
        return Arrival::duplicate;
    Arrival arrival = Arrival::in_order;
    if (is_new_count(message)) {
        arrival = restart(message);
    } else if (!expected && jump < 0) {
        arrival = arrive_behind(message);
    } else {
        jump_.reset();
        if (!expected) {
            open_gap(message.sequence - next_, received_, message.received);
            jump_ = Jump{.begin = message.sequence};
            arrival = Arrival::ahead;
        }
        position_ = Position::in_sequence;
        // Not compared: where the numbers go on, a step of the exporter's clock is no restart.
        uptime_ms_ = message.uptime_ms;
        next_if_restarted_.reset();
    }
    add_recent(message);
    return arrival;
}

// Removes [begin, begin + length) from the gap that holds `begin`.
void SequenceTracker::fill_gap(std::uint32_t begin, std::uint32_t length) noexcept {
    Gap* gap = gap_of(begin);
    if (gap == nullptr) return;
    const std::uint32_t before = begin - gap->begin;
    const std::uint32_t behind = gap->length - before - std::min(length, gap->length - before);
    Gap rest = *gap;
    rest.begin = begin + length;
    rest.length = behind;
    gap->length = before;
    const auto index = gap - gaps_.data();
    if (behind != 0) gaps_.insert(gaps_.begin() + index + 1, rest);
    if (before == 0) gaps_.erase(gaps_.begin() + index);
}

void SequenceTracker::advance(const std::optional<Records>& records) noexcept {
    std::optional<std::uint32_t> numbers;
    if (records) numbers = records->data;
    most_records_ = std::max(most_records_, numbers.value_or(0));
    switch (numbering_) {
        case Numbering::messages:
            return advance_by_rule(1);
        case Numbering::records_before:
            advance_by_rule(numbers);
            break;
        case Numbering::records_and_templates:
            if (records) numbers = records->data + records->templates;
            advance_by_rule(numbers);
            break;
        case Numbering::records_including:
            advance_including(numbers);
            break;
    }
    if (records)
        detect_numbering(*records);
    else
        detector_.interrupt();
}

void SequenceTracker::advance_by_rule(std::optional<std::uint32_t> records) noexcept {
    switch (position_) {
        case Position::in_sequence:
            if (records && next_known_)
                rate_.add(std::uint64_t{*records} + (current_ - next_), received_);
            next_known_ = records.has_value();
            if (records) next_ = current_ + *records;
            if (jump_) jump_->next = next_;
            if (undone_ && next_known_ && next_ == undone_->begin) {
                next_ = undone_->next;
                undone_.reset();
            }
            return;
        case Position::in_gap:
            advance_in_gap(records.value_or(0));
            return;
        case Position::uncertain:
            next_if_restarted_.reset();
            if (records) next_if_restarted_ = current_ + *records;
            return;
    }
}

void SequenceTracker::advance_in_gap(std::uint32_t records) noexcept {
    const Gap* gap = gap_of(current_);
    const bool at_front = jump_ && next_known_ && gap != nullptr && current_ == gap->begin &&
                          gap->begin + gap->length == jump_->begin;
    fill_gap(current_, records);
    if (!jump_) return;
    jump_->fills = at_front ? jump_->fills + 1 : 0;
    if (jump_->fills >= fills_that_undo && gap_of(current_ + records) != nullptr) undo_jump();
}

// The count goes on where the gap begins.
void SequenceTracker::undo_jump() noexcept {
    const auto gap = std::ranges::find_if(
        gaps_, [&](const Gap& g) { return g.begin + g.length == jump_->begin; });
    if (gap != gaps_.end()) {
        next_ = gap->begin;
        gaps_.erase(gap);
        undone_ = jump_;
    }
    jump_.reset();
}

void SequenceTracker::detect_numbering(const Records& records) noexcept {
    const std::optional<Numbering> found =
        detector_.observe(current_, records, recent_.count(), numbering_);
    if (!found) return;
    numbering_ = *found;
    // Gaps that were opened since the first evidence were no losses. A gap has the age 1 when its
    // own message has been counted.
    const std::uint64_t age = recent_.count() - detector_.first_evidence() + 1;
    std::erase_if(gaps_, [age](const Gap& gap) { return gap.age <= age; });
    next_if_restarted_.reset();
    jump_.reset();
    undone_.reset();
    next_known_ = true;
    next_ = current_;
    if (numbering_ != Numbering::records_including) next_ += records.data;
    if (numbering_ == Numbering::records_and_templates) next_ += records.templates;
}

// What should have come before the message follows from its records, which are known only when it
// has been decoded: until then it is in order.
SequenceTracker::Arrival SequenceTracker::arrive_including(
    const NumberedMessage& message) noexcept {
    if (recent_.contains(message.sequence, message.content)) return Arrival::duplicate;
    current_ = message.sequence;
    const bool restarted = uptime_restarted(message);
    if (restarted) {
        (void)restart(message);
        next_known_ = false;
    }
    uptime_ms_ = message.uptime_ms;
    add_recent(message);
    return restarted ? Arrival::restart : Arrival::in_order;
}

void SequenceTracker::advance_including(std::optional<std::uint32_t> records) noexcept {
    const std::uint32_t begin = current_ - records.value_or(0);
    if (next_known_ && records) {
        const std::int32_t jump = distance(next_, begin);
        if (jump < 0 && gap_of(begin) != nullptr) return fill_gap(begin, *records);
        rate_.add(*records, received_);
        if (jump > 0 && static_cast<std::uint32_t>(jump) <= largest_jump(received_))
            open_gap(static_cast<std::uint32_t>(jump), received_before_, received_);
    }
    next_known_ = true;
    next_ = current_;
}

std::uint64_t SequenceTracker::messages_of(const Gap& gap) const noexcept {
    if (numbering_ == Numbering::messages) return gap.length;
    return (std::uint64_t{gap.length} + most_records_ - 1) / most_records_;
}

std::uint64_t SequenceTracker::missing_numbers() const noexcept {
    std::uint64_t numbers = 0;
    for (const Gap& gap : gaps_) numbers += gap.length;
    return numbers;
}

std::optional<Gap> SequenceTracker::pop_gap() noexcept {
    if (gaps_.empty()) return std::nullopt;
    const Gap oldest = gaps_.front();
    gaps_.erase(gaps_.begin());
    return oldest;
}

std::optional<Gap> SequenceTracker::pop_closed_gap() noexcept {
    const bool closed = !gaps_.empty() && (gaps_.front().age >= window || gaps_.size() > max_gaps);
    return closed ? pop_gap() : std::nullopt;
}

std::optional<Gap> SequenceTracker::pop_expired_gap(UtcTime now) noexcept {
    if (gaps_.empty()) return std::nullopt;
    const UtcTime behind = gaps_.front().interval.end;
    const bool expired = now > behind + patience || now < behind - patience;
    return expired ? pop_gap() : pop_closed_gap();
}

}  // namespace octroi::exporter
