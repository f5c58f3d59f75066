// SPDX-License-Identifier: GPL-3.0-or-later
// The way of readings into the sums.
//
// What a reading needs lies all over memory: its flow's flow_slot, its two addresses, its row. Each
// is found by the one before, so one reading after another would wait four times for each.
// Therefore a group of readings goes step by step: a step asks for the memory that the next one
// needs, of all readings of the group, and the waits overlap. The steps ahead of the last only
// fetch and find; what is booked, remembered and counted is done by the last one, in order.
#include <algorithm>

#include "attribute/attributor.hpp"
#include "attribute/bucket_number.hpp"
#include "attribute/split.hpp"
#include "base/check.hpp"

namespace octroi {
namespace {

// 31 days of buckets: no meter holds a reading back for longer, so this is a clock gone wrong.
constexpr std::int64_t buckets_of_a_reading_max = 31LL * 24 * 12;

// The buckets that lie wholly inside the interval.
std::pair<std::int32_t, std::int32_t> whole_buckets(const Interval& valid) noexcept {
    const UtcTime begin = std::max(valid.begin, earliest);
    const UtcTime end = std::min(valid.end, latest);
    const std::int32_t first = bucket_number(begin) + (bucket_start(begin) == begin ? 0 : 1);
    return {first, std::max(first, bucket_number(end))};
}

// Beside the scaled figures of a reading the counted ones are split. Between any two cuts a scaled
// figure passes at least as many whole numbers as the counted one does: no part was counted more
// often than it is booked.
class SampledSplit {
public:
    SampledSplit(UtcTime first, UtcTime last, const Reading& reading) noexcept
        : is_sampled_(reading.sampling > 1),
          bytes_(first, last, is_sampled_ ? reading.bytes / reading.sampling : 0),
          packets_(first, last, is_sampled_ ? reading.packets / reading.sampling : 0),
          weight_(is_sampled_ ? sample_weight(reading) : SampleWeight{}) {}

    void take_until(UtcTime until, std::uint32_t row, const SampledRows::Part& scaled,
                    SampledRows& rows) {
        if (!is_sampled_) return;
        rows.add(row, scaled, {bytes_.take_until(until), packets_.take_until(until)}, weight_);
    }

private:
    bool is_sampled_;
    TimeSplit bytes_;
    TimeSplit packets_;
    SampleWeight weight_;
};

}  // namespace

// Prefetches stand in functions that do something else too: g++ 12 takes one that only prefetches
// for a function without effect and drops the call.
void Attributor::accept(std::span<const Reading> batch) {
    std::size_t fetched = 0;
    for (std::size_t at = 0; at < batch.size(); at += group_size) {
        for (const std::size_t end = std::min(batch.size(), at + 2 * group_size); fetched < end;
             ++fetched) {
            const Reading& ahead = batch[fetched];
            if (ahead.flow_slot < slots_.size()) __builtin_prefetch(&slots_[ahead.flow_slot], 1);
            if (!ahead.fresh) continue;
            __builtin_prefetch(classes_->first_step(ahead.src));
            __builtin_prefetch(classes_->first_step(ahead.dst));
            __builtin_prefetch(services_->first_step(ahead, ahead.sport));
            __builtin_prefetch(services_->first_step(ahead, ahead.dport));
        }
        const Group group = batch.subspan(at, std::min(group_size, batch.size() - at));
        choose_states(group);
        probe_addresses(group);
        number_ends(group);
        probe_rows(group);
        add_group(group);
    }
}

void Attributor::choose_states(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        pending.state = choose_state(group[i], pending.bucket);
        if (pending.state < LookupState::resolved) continue;
        find(group[i], group[i].first, pending.finding);
        for (const End* end : {&pending.finding.from, &pending.finding.to})
            if (end->address != nullptr)
                __builtin_prefetch(addresses_.index().first_step(end->hash));
    }
}

Attributor::LookupState Attributor::choose_state(const Reading& reading, BucketNumber& bucket) {
    if (!count(reading)) return LookupState::refused;
    if (reading.first < bucket_begin_ || reading.last >= bucket_end_ ||
        reading.last < reading.first) {
        const bool sane =
            reading.first <= reading.last && reading.first >= earliest && reading.last <= latest;
        if (!sane) return LookupState::split;
        bucket = bucket_number(reading.first);
        if (const BucketNumber last = bucket_number(reading.last); last != bucket)
            return reading.flow_slot == 0 && last - bucket < buckets_of_a_reading_max
                       ? LookupState::spread
                       : LookupState::split;
        bucket_ = bucket;
        bucket_begin_ = bucket_begin(bucket_);
        bucket_end_ = bucket_begin(bucket_ + 1);
    }
    bucket = bucket_;
    const bool known = !reading.fresh && reading.flow_slot < slots_.size();
    return known ? LookupState::remembered : LookupState::resolved;
}

// Of what is remembered: the row, or where it will be. A flow_slot may be written anew by a reading
// before this one in the same group, so nothing is concluded from it here.
void Attributor::probe_addresses(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        pending.row = RowIndex::absent;
        if (pending.state == LookupState::remembered) {
            const SlotAnswer& flow_slot = slots_[group[i].flow_slot];
            if (flow_slot.row_generation == generation_) {
                pending.row = flow_slot.row;
                __builtin_prefetch(&tally_.row(flow_slot.row), 1);
            } else {
                pending.hash =
                    tally_.hash({pending.bucket, flow_slot.from, flow_slot.to, flow_slot.service});
                __builtin_prefetch(tally_.index().first_step(pending.hash));
            }
        } else if (pending.state >= LookupState::resolved) {
            for (const End* end : {&pending.finding.from, &pending.finding.to}) {
                if (end->address == nullptr) continue;
                const std::uint32_t row = addresses_.index().likely(end->hash);
                if (row != RowIndex::absent) __builtin_prefetch(&addresses_.row(row));
            }
        }
    }
}

void Attributor::number_ends(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        if (pending.state >= LookupState::resolved) {
            pending.answer = answer_of(pending.finding);
            pending.hash = tally_.hash(key_of(pending.bucket, pending.answer));
            if (pending.state == LookupState::spread) {
                pending.next_hash = tally_.hash(key_of(pending.bucket + 1, pending.answer));
                __builtin_prefetch(tally_.index().first_step(pending.next_hash));
            }
        } else if (pending.row != RowIndex::absent &&
                   tally_.row(pending.row).key.bucket != pending.bucket) {
            const SlotAnswer& flow_slot = slots_[group[i].flow_slot];
            pending.row = RowIndex::absent;
            pending.hash =
                tally_.hash({pending.bucket, flow_slot.from, flow_slot.to, flow_slot.service});
        } else {
            continue;
        }
        __builtin_prefetch(tally_.index().first_step(pending.hash));
    }
}

void Attributor::probe_rows(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        if (pending.state < LookupState::remembered || pending.row != RowIndex::absent) continue;
        pending.row = tally_.index().likely(pending.hash);
        if (pending.row != RowIndex::absent) __builtin_prefetch(&tally_.row(pending.row), 1);
        if (pending.state != LookupState::spread) continue;
        const std::uint32_t next = tally_.index().likely(pending.next_hash);
        if (next != RowIndex::absent) __builtin_prefetch(&tally_.row(next), 1);
    }
}

void Attributor::add_group(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        const Reading& reading = group[i];
        const PendingLookup& pending = pending_[i];
        switch (pending.state) {
            case LookupState::refused:
                break;
            case LookupState::split:
                add_split(reading);
                break;
            case LookupState::resolved:
                add_whole(reading, pending.bucket, pending.answer, pending.hash);
                break;
            case LookupState::spread:
                add_spread(reading, pending);
                break;
            case LookupState::remembered:
                if (add_remembered(reading, pending.bucket)) break;
                const Answer answer = answer_of(reading, reading.first);
                add_whole(reading, pending.bucket, answer,
                          tally_.hash(key_of(pending.bucket, answer)));
                break;
        }
    }
}

// Adds to the batch's totals. False: they would overflow, and the reading is not booked.
bool Attributor::count(const Reading& reading) noexcept {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
    if (__builtin_add_overflow(bytes_, reading.bytes, &bytes) ||
        __builtin_add_overflow(packets_, reading.packets, &packets) ||
        __builtin_add_overflow(flows_, reading.flows, &flows)) {
        ++counts_[refused];
        return false;
    }
    bytes_ = bytes;
    packets_ = packets;
    flows_ = flows;
    ++counts_[readings];
    return true;
}

// The short way: a reading inside one bucket whose flow was looked up before.
bool Attributor::add_remembered(const Reading& reading, BucketNumber bucket) {
    if (reading.fresh || reading.flow_slot >= slots_.size()) return false;
    SlotAnswer& flow_slot = slots_[reading.flow_slot];
    if (bucket < flow_slot.first || bucket >= flow_slot.end) return false;
    if (flow_slot.row_generation != generation_ || tally_.row(flow_slot.row).key.bucket != bucket) {
        flow_slot.row = tally_.row_of({bucket, flow_slot.from, flow_slot.to, flow_slot.service});
        flow_slot.row_generation = generation_;
    }
    ++counts_[remembered];
    add_to(flow_slot.row, reading);
    return true;
}

inline void Attributor::add_to(std::uint32_t row, const Reading& reading) {
    tally_.add(row, reading.bytes, reading.packets, reading.flows);
    if (reading.sampling > 1) add_sampled(row, reading);
}

void Attributor::add_sampled(std::uint32_t row, const Reading& reading) {
    sampled_.add(row, {reading.bytes, reading.packets},
                 {reading.bytes / reading.sampling, reading.packets / reading.sampling},
                 sample_weight(reading));
}

void Attributor::add_whole(const Reading& reading, BucketNumber bucket, const Answer& answer,
                           std::uint64_t hash) {
    if (answer.valid.end <= reading.last) {
        add_split(reading);
        return;
    }
    const std::uint32_t row = tally_.row_of(key_of(bucket, answer), hash);
    add_to(row, reading);
    remember(reading, answer);
    if (SlotAnswer* flow_slot = slot_of(reading)) {
        flow_slot->row = row;
        flow_slot->row_generation = generation_;
    }
}

// One answer in several buckets.
void Attributor::add_spread(const Reading& reading, const PendingLookup& pending) {
    const Answer& answer = pending.answer;
    if (answer.valid.end <= reading.last) {
        add_split(reading);
        return;
    }
    TimeSplit bytes(reading.first, reading.last, reading.bytes);
    TimeSplit packets(reading.first, reading.last, reading.packets);
    SampledSplit sampled(reading.first, reading.last, reading);
    std::uint64_t flows = reading.flows;
    std::uint64_t hash = pending.hash;
    for (BucketNumber bucket = pending.bucket; bucket_begin(bucket) <= reading.last; ++bucket) {
        if (bucket == pending.bucket + 1) hash = pending.next_hash;
        if (bucket > pending.bucket + 1) hash = tally_.hash(key_of(bucket, answer));
        const std::uint32_t row = tally_.row_of(key_of(bucket, answer), hash);
        const UtcTime until = bucket_begin(bucket + 1);
        const SampledRows::Part part{bytes.take_until(until), packets.take_until(until)};
        tally_.add(row, part.bytes, part.packets, flows);
        sampled.take_until(until, row, part, sampled_);
        flows = 0;
    }
    ++counts_[split];
}

// The long way: part by part, each within one bucket and one answer.
void Attributor::add_split(const Reading& reading) {
    UtcTime last = std::clamp(reading.last, earliest, latest);
    UtcTime first = std::clamp(reading.first, earliest, latest);
    if (first > last) first = last;
    if (first != reading.first || last != reading.last) ++counts_[odd_times];
    if (bucket_number(last) - bucket_number(first) >= buckets_of_a_reading_max) {
        ++counts_[overlong];
        first = last;
    }
    TimeSplit bytes(first, last, reading.bytes);
    TimeSplit packets(first, last, reading.packets);
    SampledSplit sampled(first, last, reading);
    std::uint64_t flows = reading.flows;
    std::uint64_t parts = 0;
    if (reading.fresh) {
        if (SlotAnswer* flow_slot = slot_of(reading)) *flow_slot = SlotAnswer{};
    }
    for (UtcTime at = first; at <= last; ++parts) {
        const BucketNumber bucket = bucket_number(at);
        const Answer answer = answer_at(reading, at);
        const UtcTime until = std::min(bucket_begin(bucket + 1), answer.valid.end);
        CHECK(until > at);
        const std::uint32_t row = tally_.row_of({bucket, answer.from, answer.to, answer.service});
        const SampledRows::Part part{bytes.take_until(until), packets.take_until(until)};
        tally_.add(row, part.bytes, part.packets, flows);
        sampled.take_until(until, row, part, sampled_);
        flows = 0;
        at = until;
    }
    if (parts > 1) ++counts_[split];
}

// As find(), from memory where possible.
Attributor::Answer Attributor::answer_at(const Reading& reading, UtcTime time) {
    const BucketNumber bucket = bucket_number(time);
    if (const SlotAnswer* flow_slot = slot_of(reading);
        flow_slot != nullptr && bucket >= flow_slot->first && bucket < flow_slot->end) {
        return {flow_slot->from,
                flow_slot->to,
                flow_slot->service,
                {bucket_begin(bucket), bucket_begin(bucket + 1)}};
    }
    const Answer answer = answer_of(reading, time);
    remember(reading, answer);
    return answer;
}

Attributor::SlotAnswer* Attributor::slot_of(const Reading& reading) {
    if (reading.flow_slot == 0 || reading.flow_slot >= slots_.size()) return nullptr;
    return &slots_[reading.flow_slot];
}

void Attributor::remember(const Reading& reading, const Answer& answer) {
    if (reading.flow_slot == 0 || reading.flow_slot >= flow_slots_max) return;
    if (reading.flow_slot >= slots_.size()) {
        // Dense numbers. The vector's capacity doubles; only what is used is filled.
        constexpr std::size_t flow_slots_more = 1024;
        slots_.resize(reading.flow_slot + flow_slots_more);
    }
    const auto [first, end] = whole_buckets(answer.valid);
    slots_[reading.flow_slot] = {first, end, answer.from, answer.to, answer.service, 0, 0};
}

}  // namespace octroi
