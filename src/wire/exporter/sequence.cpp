// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sequence.hpp"

#include <algorithm>

namespace octroi::exporter {
namespace {

// What a stream counts in a second before it was measured; and how much faster than measured it may
// have been while nothing was heard of it. A jump beyond that is no loss but another count.
constexpr std::uint64_t usual_records = 4096;
constexpr std::uint64_t usual_messages = 256;
constexpr std::uint64_t times_faster = 16;
// Half the number space: beyond it nobody knows which way a jump went.
constexpr std::uint64_t most_plausible = 0x7fffffff;
// Reordered messages make an exporter's uptime go back by as much; a restart by more.
constexpr std::int64_t uptime_slack_ms = 30'000;
// So many messages must say it before an exporter is taken to count against the rules.
constexpr unsigned convincing = 3;

std::int32_t distance(std::uint32_t from, std::uint32_t to) noexcept {
    return static_cast<std::int32_t>(to - from);
}

// Our clock may have been set back between the two.
Interval between(UtcTime a, UtcTime b) noexcept { return {std::min(a, b), std::max(a, b)}; }

}  // namespace

std::uint32_t Sequence::plausible(UtcTime received) const noexcept {
    const std::int64_t sink = std::max<std::int64_t>(0, (received - received_).ns);
    const std::uint64_t seconds = static_cast<std::uint64_t>(sink) / 1'000'000'000U + 1;
    const std::uint64_t usual = counted_ == Counted::records ? usual_records : usual_messages;
    const std::uint64_t rate = std::min(std::max(rate_, usual) * times_faster, most_plausible);
    if (seconds > most_plausible / rate) return most_plausible;
    return static_cast<std::uint32_t>(seconds * rate);
}

// The rate over each window of messages; where it falls, not at once.
void Sequence::measure(std::uint64_t advance) noexcept {
    measured_ += advance;
    if (++measured_messages_ < window) return;
    const std::int64_t ms = (received_ - measured_since_).ns / 1'000'000;
    const std::uint64_t now = std::min(measured_, most_plausible) * 1000U /
                              static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 1));
    rate_ = std::min(std::max(now, rate_ / 2), most_plausible);
    measured_ = 0;
    measured_messages_ = 0;
    measured_since_ = received_;
}

bool Sequence::seen(const Numbered& message) const noexcept {
    // Messages are numbered from 1; with fewer than fit, place 0 is the last to be written.
    const std::size_t kept = std::min<std::size_t>(messages_ + 1, window);
    const std::size_t first = messages_ < window ? 1 : 0;
    for (std::size_t i = first; i < kept; ++i) {
        const Recent& r = recent_[i];
        if (r.sequence == message.sequence && r.content == message.content) return true;
    }
    return false;
}

// The exporter's uptime went back, or further ahead than time did.
bool Sequence::started_anew(const Numbered& message) const noexcept {
    if (!message.uptime_ms || !uptime_ms_) return false;
    const std::int64_t advance = distance(*uptime_ms_, *message.uptime_ms);
    const std::int64_t elapsed = (message.received - received_).ns / 1'000'000;
    return advance < -uptime_slack_ms ||
           advance > std::max<std::int64_t>(elapsed, 0) + 4 * uptime_slack_ms;
}

// Whether the number belongs to another count: it is too far ahead, or, where it is not known which
// should come, too far from the message before.
bool Sequence::counts_anew(const Numbered& message) const noexcept {
    if (known_) {
        const std::int64_t ahead = distance(next_, message.sequence);
        return ahead > 0 &&
               (started_anew(message) || left_at_ == message.sequence ||
                doubtful_next_ == message.sequence || ahead > plausible(message.received));
    }
    if (messages_ == 0) return false;
    if (started_anew(message)) return true;
    const std::uint32_t before = recent_[messages_ % window].sequence;
    if (message.sequence == 0) return before != 0;
    const std::int64_t jump = distance(before, message.sequence);
    return std::max(jump, -jump) > plausible(message.received);
}

Gap* Sequence::gap_of(std::uint32_t sequence) noexcept {
    for (Gap& gap : gaps_)
        if (sequence - gap.begin < gap.length) return &gap;
    return nullptr;
}

void Sequence::remember(const Numbered& message) noexcept {
    if (messages_ == 0) measured_since_ = message.received;
    ++messages_;
    recent_[messages_ % window] = {message.sequence, message.content};
    // Our clock was set back: what is measured goes on from there.
    if (messages_ > 1 && message.received < received_)
        measured_since_ = measured_since_ - (received_ - message.received);
    received_before_ = messages_ == 1 ? message.received : received_;
    received_ = message.received;
    for (Gap& gap : gaps_) ++gap.age;
    if (left_at_ && ++left_age_ > window) left_at_.reset();
}

void Sequence::open_gap(const Numbered& message) noexcept {
    gaps_.push_back({next_, message.sequence - next_, 0, between(received_, message.received)});
}

Sequence::Arrival Sequence::begin_anew(const Numbered& message) noexcept {
    // Gaps before the restart can be filled no more.
    for (Gap& gap : gaps_) gap.age = window;
    left_at_.reset();
    if (known_) left_at_ = next_;
    left_age_ = 0;
    doubtful_next_.reset();
    place_ = Place::main;
    next_ = message.sequence;
    uptime_ms_ = message.uptime_ms;
    return Arrival::restart;
}

Sequence::Arrival Sequence::backward(const Numbered& message) noexcept {
    if (gap_of(message.sequence) != nullptr) {
        place_ = Place::gap;
        return Arrival::late;
    }
    if (started_anew(message)) return begin_anew(message);
    if (doubtful_next_ == message.sequence || left_at_ == message.sequence)
        return begin_anew(message);
    // Exporters that number nothing send 0 always: that is no restart each time.
    const std::uint32_t before = recent_[messages_ % window].sequence;
    if (message.sequence == 0 && before != 0) return begin_anew(message);
    place_ = Place::doubtful;
    return Arrival::late;
}

// Whether the numbers are those of records_with_it. Two messages with as many records say nothing.
void Sequence::weigh(std::uint32_t counted) noexcept {
    if (suspicion_.number) {
        const bool by_rule = *suspicion_.number + suspicion_.counted == current_;
        // The latter: the first message of an exporter that was started again. Records of options
        // in it count for us, and not for softflowd.
        const bool with_it =
            *suspicion_.number + counted == current_ || (current_ != 0 && current_ <= counted);
        if (by_rule && !with_it) suspicion_.messages = 0;
        if (with_it && !by_rule && ++suspicion_.messages == 1) suspicion_.since = messages_;
    }
    suspicion_.number = current_;
    suspicion_.counted = counted;
    if (suspicion_.messages < convincing) return;
    // What was taken for losses since then was none.
    counted_ = Counted::records_with_it;
    const std::uint64_t age = messages_ - suspicion_.since + 1;  // 1 with the message itself
    std::erase_if(gaps_, [age](const Gap& gap) { return gap.age <= age; });
    doubtful_next_.reset();
    known_ = true;
    next_ = current_;
}

// How many records the message has, and so what should have come before it, is known when it is
// decoded: until then it is in order.
Sequence::Arrival Sequence::arrive_with_it(const Numbered& message) noexcept {
    if (seen(message)) return Arrival::duplicate;
    current_ = message.sequence;
    const bool restarted = started_anew(message);
    if (restarted) {
        (void)begin_anew(message);
        known_ = false;
    }
    uptime_ms_ = message.uptime_ms;
    remember(message);
    return restarted ? Arrival::restart : Arrival::in_order;
}

void Sequence::advance_with_it(std::optional<std::uint32_t> counted) noexcept {
    const std::uint32_t begin = current_ - counted.value_or(0);
    if (known_ && counted) {
        const std::int32_t jump = distance(next_, begin);
        if (jump < 0 && gap_of(begin) != nullptr) {
            close_gap(begin, *counted);
            return;
        }
        measure(*counted);
        if (jump > 0 && static_cast<std::uint32_t>(jump) <= plausible(received_))
            gaps_.push_back(
                {next_, static_cast<std::uint32_t>(jump), 0, between(received_before_, received_)});
    }
    known_ = true;
    next_ = current_;
}

Sequence::Arrival Sequence::arrive(const Numbered& message) noexcept {
    if (counted_ == Counted::records_with_it) return arrive_with_it(message);
    const std::int32_t jump = distance(next_, message.sequence);
    current_ = message.sequence;
    Arrival arrival = Arrival::in_order;
    if ((!known_ || jump != 0) && seen(message)) return Arrival::duplicate;
    if (counts_anew(message)) {
        arrival = begin_anew(message);
    } else if (!known_ || jump == 0) {
        place_ = Place::main;
        // The order is as it should be, so that a clock that was set is no restart.
        uptime_ms_ = message.uptime_ms;
        doubtful_next_.reset();
    } else if (jump < 0) {
        arrival = backward(message);
    } else {
        open_gap(message);
        place_ = Place::main;
        uptime_ms_ = message.uptime_ms;
        doubtful_next_.reset();
        arrival = Arrival::ahead;
    }
    remember(message);
    return arrival;
}

// Takes [begin, begin + length) out of the gap that holds its beginning.
void Sequence::close_gap(std::uint32_t begin, std::uint32_t length) noexcept {
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

void Sequence::advance(std::optional<std::uint32_t> counted) noexcept {
    if (counted_ == Counted::records_with_it) {
        advance_with_it(counted);
        return;
    }
    if (counted_ == Counted::messages) counted = 1;
    const bool with_records = counted_ == Counted::records;
    advance_by_rule(counted);
    if (with_records && counted)
        weigh(*counted);
    else
        suspicion_.number.reset();
}

void Sequence::advance_by_rule(std::optional<std::uint32_t> counted) noexcept {
    switch (place_) {
        case Place::main:
            if (counted && known_) measure(std::uint64_t{*counted} + (current_ - next_));
            known_ = counted.has_value();
            if (counted) next_ = current_ + *counted;
            return;
        case Place::gap:
            // Of a message whose records cannot be counted, that of one: the rest of the gap stays.
            close_gap(current_, counted.value_or(0));
            return;
        case Place::doubtful:
            if (counted) {
                doubtful_next_ = current_ + *counted;
            } else {
                doubtful_next_.reset();
            }
            return;
    }
}

std::optional<Gap> Sequence::take_gap(bool all) noexcept {
    if (gaps_.empty()) return std::nullopt;
    const Gap oldest = gaps_.front();
    if (!all && oldest.age < window && gaps_.size() <= max_gaps) return std::nullopt;
    gaps_.erase(gaps_.begin());
    return oldest;
}

std::optional<Gap> Sequence::take_gap_by(UtcTime now) noexcept {
    if (gaps_.empty()) return std::nullopt;
    const UtcTime behind = gaps_.front().interval.end;
    return take_gap(now > behind + patience || now < behind - patience);
}

void Sequence::save(ByteWriter& to) const {
    const auto optional = [&](const std::optional<std::uint32_t>& value) {
        to.u8(value ? 1 : 0);
        to.be32(value.value_or(0));
    };
    to.u8(static_cast<std::uint8_t>(counted_));
    to.u8(known_ ? 1 : 0);
    to.be32(next_);
    optional(doubtful_next_);
    optional(left_at_);
    to.be32(left_age_);
    optional(uptime_ms_);
    to.be64(messages_);
    to.be64(static_cast<std::uint64_t>(received_.ns));
    to.be64(rate_);
    to.be64(measured_);
    to.be32(measured_messages_);
    to.be64(static_cast<std::uint64_t>(measured_since_.ns));
    for (const Recent& recent : recent_) {
        to.be32(recent.sequence);
        to.be32(recent.content);
    }
    to.u8(static_cast<std::uint8_t>(gaps_.size()));
    for (const Gap& gap : gaps_) {
        to.be32(gap.begin);
        to.be32(gap.length);
        to.be32(gap.age);
        to.be64(static_cast<std::uint64_t>(gap.interval.begin.ns));
        to.be64(static_cast<std::uint64_t>(gap.interval.end.ns));
    }
}

bool Sequence::restore(ByteCursor& from) {
    const auto optional = [&](std::optional<std::uint32_t>& value) {
        std::uint8_t there = 0;
        std::uint32_t number = 0;
        if (!from.u8(there) || there > 1 || !from.be32(number)) return false;
        value.reset();
        if (there == 1) value = number;
        return true;
    };
    const auto time = [&](UtcTime& value) {
        std::uint64_t ns = 0;
        if (!from.be64(ns)) return false;
        value.ns = static_cast<std::int64_t>(ns);
        return true;
    };
    std::uint8_t counted = 0;
    std::uint8_t known = 0;
    if (!from.u8(counted) || counted > 2 || !from.u8(known) || known > 1) return false;
    counted_ = Counted{counted};
    known_ = known == 1;
    if (!from.be32(next_) || !optional(doubtful_next_) || !optional(left_at_)) return false;
    if (!from.be32(left_age_)) return false;
    if (!optional(uptime_ms_) || !from.be64(messages_) || !time(received_)) return false;
    if (!from.be64(rate_) || !from.be64(measured_) || !from.be32(measured_messages_)) return false;
    if (!time(measured_since_)) return false;
    for (Recent& r : recent_)
        if (!from.be32(r.sequence) || !from.be32(r.content)) return false;
    std::uint8_t gaps = 0;
    if (!from.u8(gaps) || gaps > max_gaps) return false;
    gaps_.resize(gaps);
    for (Gap& gap : gaps_) {
        if (!from.be32(gap.begin) || !from.be32(gap.length) || !from.be32(gap.age)) return false;
        if (!time(gap.interval.begin) || !time(gap.interval.end)) return false;
    }
    return true;
}

}  // namespace octroi::exporter
