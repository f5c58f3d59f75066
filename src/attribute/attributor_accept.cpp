// SPDX-License-Identifier: GPL-3.0-or-later
// Attributor::accept(): adds readings to the sums.
//
// A reading needs memory in four places, each of which is found in the one before: its flow slot,
// its two addresses, its row. Reading by reading the processor would wait for each of them.
// Therefore a group of readings goes through the same steps together. A step prefetches the memory
// of the next step for the whole group, so that the waits overlap. All steps but the last only look
// up; the last one adds, caches and counts, in the order of the readings.
#include <algorithm>

#include "attribute/attributor.hpp"
#include "attribute/bucket_number.hpp"
#include "attribute/split.hpp"
#include "base/check.hpp"

namespace octroi {
namespace {

// The buckets that lie wholly inside the interval.
std::pair<std::int32_t, std::int32_t> whole_buckets(const Interval& valid) noexcept {
    const UtcTime begin = std::max(valid.begin, earliest);
    const UtcTime end = std::min(valid.end, latest);
    const std::int32_t first = bucket_number(begin) + (bucket_start(begin) == begin ? 0 : 1);
    return {first, std::max(first, bucket_number(end))};
}

// Splits the counted figures of a sampled reading like the scaled ones. No part has a greater
// counted than scaled figure: between two cuts the scaled figure passes at least as many whole
// numbers.
class SampledSplit {
public:
    SampledSplit(UtcTime first, UtcTime last, const Reading& reading) noexcept
        : is_sampled_(reading.sampling > 1),
          bytes_(first, last, is_sampled_ ? reading.bytes / reading.sampling : 0),
          packets_(first, last, is_sampled_ ? reading.packets / reading.sampling : 0),
          weight_(is_sampled_ ? sample_weight(reading) : SampleWeight{}) {}

    void part_until(UtcTime until, std::uint32_t row, const SampledRows::Part& scaled,
                    SampledRows& rows) {
        if (!is_sampled_) return;
        rows.add(row, scaled, {bytes_.part_until(until), packets_.part_until(until)}, weight_);
    }

private:
    bool is_sampled_;
    TimeSplit bytes_;
    TimeSplit packets_;
    SampleWeight weight_;
};

}  // namespace

// Functions that prefetch do something else too: g++ 12 drops calls of a function that only
// prefetches as one without effect.
void Attributor::accept(std::span<const Reading> batch) {
    std::size_t fetched = 0;
    for (std::size_t at = 0; at < batch.size(); at += group_size) {
        for (const std::size_t end = std::min(batch.size(), at + 2 * group_size); fetched < end;
             ++fetched) {
            const Reading& ahead = batch[fetched];
            if (slots_.holds(ahead)) __builtin_prefetch(&slots_.of(ahead), 1);
            if (!ahead.fresh) continue;
            __builtin_prefetch(resolver_.classes().first_step(ahead.src));
            __builtin_prefetch(resolver_.classes().first_step(ahead.dst));
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
        pending.service = services_->find(group[i]);
        resolver_.find(group[i], group[i].first, pending.ends);
        resolver_.exclude_duplicate(group[i], pending.service, group[i].first, pending.ends);
        for (const PartyResolver::End* end : {&pending.ends.from, &pending.ends.to})
            if (end->key != nullptr)
                __builtin_prefetch(resolver_.seen().index().first_step(end->hash));
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
    const bool known = !reading.fresh && slots_.holds(reading);
    return known ? LookupState::remembered : LookupState::resolved;
}

// Prefetches the parties of readings that were looked up, and the rows of cached ones. An earlier
// reading of the group may still change a flow slot, so that the slot decides nothing here.
void Attributor::probe_addresses(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        pending.row = RowIndex::absent;
        if (pending.state == LookupState::remembered) {
            const FlowSlots::Answer& slot = slots_.of(group[i]);
            if (slot.row_generation == generation_) {
                pending.row = slot.row;
                __builtin_prefetch(&tally_.row(slot.row), 1);
            } else {
                pending.hash = tally_.hash(key_of(pending.bucket, slot));
                __builtin_prefetch(tally_.index().first_step(pending.hash));
            }
        } else if (pending.state >= LookupState::resolved) {
            for (const PartyResolver::End* end : {&pending.ends.from, &pending.ends.to}) {
                if (end->key == nullptr) continue;
                const std::uint32_t row = resolver_.seen().index().likely(end->hash);
                if (row != RowIndex::absent) __builtin_prefetch(&resolver_.seen().row(row));
            }
        }
    }
}

void Attributor::number_ends(Group group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
        PendingLookup& pending = pending_[i];
        if (pending.state >= LookupState::resolved) {
            pending.answer = number(pending.ends, pending.service);
            pending.hash = tally_.hash(key_of(pending.bucket, pending.answer));
            if (pending.state == LookupState::spread) {
                pending.next_hash = tally_.hash(key_of(pending.bucket + 1, pending.answer));
                __builtin_prefetch(tally_.index().first_step(pending.next_hash));
            }
        } else if (pending.row != RowIndex::absent &&
                   tally_.row(pending.row).key.bucket != pending.bucket) {
            const FlowSlots::Answer& slot = slots_.of(group[i]);
            pending.row = RowIndex::absent;
            pending.hash = tally_.hash(key_of(pending.bucket, slot));
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

// A reading in one bucket, with the result in its flow slot. False: the slot does not have it.
bool Attributor::add_remembered(const Reading& reading, BucketNumber bucket) {
    if (reading.fresh || !slots_.holds(reading)) return false;
    FlowSlots::Answer& slot = slots_.of(reading);
    if (bucket < slot.first || bucket >= slot.end) return false;
    if (slot.row_generation != generation_ || tally_.row(slot.row).key.bucket != bucket) {
        slot.row = tally_.row_of(key_of(bucket, slot));
        slot.row_generation = generation_;
    }
    ++counts_[remembered];
    add_to(slot.row, reading);
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
    if (FlowSlots::Answer* slot = slots_.find(reading)) {
        slot->row = row;
        slot->row_generation = generation_;
    }
}

// One result, in several buckets.
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
        const SampledRows::Part part{bytes.part_until(until), packets.part_until(until)};
        tally_.add(row, part.bytes, part.packets, flows);
        sampled.part_until(until, row, part, sampled_);
        // A flow cannot be split: it counts in the first part.
        flows = 0;
    }
    ++counts_[split];
}

// Part by part, each within one bucket and with one result.
void Attributor::add_split(const Reading& reading) {
    const auto [first, last] = sane_times(reading.first, reading.last);
    TimeSplit bytes(first, last, reading.bytes);
    TimeSplit packets(first, last, reading.packets);
    SampledSplit sampled(first, last, reading);
    std::uint64_t flows = reading.flows;
    std::uint64_t parts = 0;
    // The slot belongs to a new flow: the answer in it is that of the flow before.
    if (reading.fresh) {
        if (FlowSlots::Answer* slot = slots_.find(reading)) *slot = {};
    }
    for (UtcTime at = first; at <= last; ++parts) {
        const BucketNumber bucket = bucket_number(at);
        const Answer answer = answer_at(reading, at);
        const UtcTime until = std::min(bucket_begin(bucket + 1), answer.valid.end);
        CHECK(until > at);
        const std::uint32_t row = tally_.row_of(key_of(bucket, answer));
        const SampledRows::Part part{bytes.part_until(until), packets.part_until(until)};
        tally_.add(row, part.bytes, part.packets, flows);
        sampled.part_until(until, row, part, sampled_);
        flows = 0;
        at = until;
    }
    if (parts > 1) ++counts_[split];
}

// As answer_of(), but from the flow slot if possible.
Attributor::Answer Attributor::answer_at(const Reading& reading, UtcTime time) {
    const BucketNumber bucket = bucket_number(time);
    const FlowSlots::Answer* slot = slots_.find(reading);
    if (slot != nullptr && bucket >= slot->first && bucket < slot->end)
        return {
            slot->from, slot->to, slot->service, {bucket_begin(bucket), bucket_begin(bucket + 1)}};
    const Answer answer = answer_of(reading, time);
    remember(reading, answer);
    return answer;
}

void Attributor::remember(const Reading& reading, const Answer& answer) {
    const auto [first, end] = whole_buckets(answer.valid);
    slots_.remember(reading, {first, end, answer.from, answer.to, answer.service, 0, 0});
}

}  // namespace octroi
