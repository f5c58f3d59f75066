// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/attributor.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "attribute/bucket_number.hpp"
#include "attribute/split.hpp"
#include "base/check.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

// The first bucket of the next hour.
std::int32_t next_hour(std::int32_t bucket) noexcept {
    const std::int32_t within =
        (bucket % buckets_of_an_hour + buckets_of_an_hour) % buckets_of_an_hour;
    return bucket - within + buckets_of_an_hour;
}

// In the order of a batch. Of two events with the same time and held identity the later one
// corrects the other; the order of a batch would lose which one that is.
std::vector<IdentityEvent> last_of_each_moment(std::vector<IdentityEvent> events) {
    const auto moment = [](const IdentityEvent& event) { return std::tie(event.at, event.held); };
    std::ranges::reverse(events);
    std::ranges::stable_sort(events, {}, moment);
    const auto corrected = std::ranges::unique(events, {}, moment);
    events.erase(corrected.begin(), corrected.end());
    return events;
}

}  // namespace

Attributor::Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                       std::uint64_t seed, std::pmr::memory_resource& memory)
    : services_(services),
      resolver_(std::move(directory), std::move(classes), std::move(services), seed, memory),
      tally_(seed, memory),
      sampled_(memory),
      slots_(memory) {}

void Attributor::reserve() {
    slots_.reserve();
    tally_.reserve(rows_kept);
    resolver_.reserve(seen_kept);
}

void Attributor::replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services) {
    // Rows refer to parties and services by numbers, which new tables change.
    CHECK(tally_.rows().empty());
    services_ = services;
    resolver_.replace(std::move(directory), std::move(classes), std::move(services));
    slots_.clear();
}

void Attributor::use_sessions(SessionsPtr sessions) {
    const std::uint64_t number = sessions ? sessions->number() : 0;
    const bool is_begun = !tally_.rows().empty();
    identities_known_ = is_begun ? std::min(identities_known_, number) : number;
    resolver_.use_sessions(std::move(sessions));
    slots_.clear();
}

void Attributor::accept_identities(std::span<const IdentityEvent> events) {
    for (IdentityEvent event : events) {
        ++counts_[identities_seen];
        if (!event.is_held()) event.holder = {};
        const bool is_good = is_held_kind(event.held.kind) && is_canonical(event.held) &&
                             (!event.is_held() || is_canonical(event.holder)) &&
                             event.at >= earliest && event.at <= latest && event.until > event.at;
        if (is_good)
            identities_.push_back(std::move(event));
        else
            ++counts_[refused_identities];
    }
}

template <typename Record>
bool Attributor::refuse(const Record& record) noexcept {
    ++counts_[refused];
    ++refused_records_;
    refused_volume_.add(record);
    const Times times = sane_times(record.first, record.last);
    refused_times_.begin = std::min(refused_times_.begin, times.first);
    refused_times_.end = std::max(refused_times_.end, times.last + Duration{1});
    return false;
}
template bool Attributor::refuse(const Reading& record) noexcept;
template bool Attributor::refuse(const CountedVolume& record) noexcept;

Attributor::Times Attributor::sane_times(UtcTime first, UtcTime last) {
    Times times{std::clamp(first, earliest, latest), std::clamp(last, earliest, latest)};
    if (times.first > times.last) times.first = times.last;
    if (times.first != first || times.last != last) ++counts_[odd_times];
    if (bucket_number(times.last) - bucket_number(times.first) >= buckets_of_a_reading_max) {
        ++counts_[overlong];
        times.first = times.last;
    }
    return times;
}

void Attributor::accept_counted(std::span<const CountedVolume> volumes) {
    for (const CountedVolume& volume : volumes)
        if (count(volume)) add_counted(volume);
}

void Attributor::add_counted(const CountedVolume& volume) {
    const auto [first, last] = sane_times(volume.first, volume.last);
    TimeSplit bytes(first, last, volume.bytes);
    TimeSplit packets(first, last, volume.packets);
    std::uint64_t flows = volume.flows;
    std::uint64_t parts = 0;
    const bool is_long = bucket_number(last) - bucket_number(first) >= buckets_of_a_volume_max;
    for (UtcTime at = first; at <= last; ++parts) {
        const BucketNumber bucket = bucket_number(at);
        const Answer answer = answer_of(volume, at);
        const BucketNumber next = is_long ? next_hour(bucket) : bucket + 1;
        const UtcTime until = std::min(bucket_begin(next), answer.valid.end);
        CHECK(until > at);
        const std::uint32_t row = tally_.row_of(key_of(bucket, answer));
        tally_.add(row, bytes.part_until(until), packets.part_until(until), flows);
        // A flow cannot be split: it counts in the first part.
        flows = 0;
        at = until;
    }
    if (parts > 1) ++counts_[split];
}

std::uint32_t Attributor::service_of(const CountedVolume& volume) const {
    const ResolvedName* name = resolver_.names().find(volume.service);
    if (name == nullptr || name->kind != NameKind::service) return services_->unknown();
    return name->service.value_or(services_->end() + name->first_same);
}

Attributor::Answer Attributor::number(const PartyResolver::Ends& ends, std::uint32_t service) {
    return {resolver_.number_of(ends.from), resolver_.number_of(ends.to), service, ends.valid};
}

Attributor::Answer Attributor::answer_of(const Reading& reading, UtcTime time) {
    PartyResolver::Ends ends;
    const std::uint32_t service = services_->find(reading);
    resolver_.find(reading, time, ends);
    resolver_.exclude_duplicate(reading, service, time, ends);
    return number(ends, service);
}

Attributor::Answer Attributor::answer_of(const CountedVolume& volume, UtcTime time) {
    PartyResolver::Ends ends;
    const std::uint32_t service = service_of(volume);
    resolver_.find(volume, time, ends);
    resolver_.exclude_duplicate(volume, service, time, ends);
    return number(ends, service);
}

Attributed Attributor::make_attributed() {
    Attributed made = octroi::make_attributed({resolver_, *services_, tally_, sampled_});
    made.volume = {Bytes(bytes_), Packets(packets_), Flows(flows_)};
    const UtcTime last_traffic = std::exchange(last_traffic_, UtcTime::min());
    if (!made.transfers.empty()) made.last_traffic = std::clamp(last_traffic, earliest, latest);
    made.refused = {refused_volume_.drain(), std::exchange(refused_records_, 0),
                    std::exchange(refused_times_, RefusedVolume().times)};
    made.identities = last_of_each_moment(std::exchange(identities_, {}));
    const SessionsPtr& sessions = resolver_.sessions();
    made.identities_known = std::exchange(identities_known_, sessions ? sessions->number() : 0);
    tally_.clear(rows_kept);
    sampled_.clear(rows_kept);
    // Flow slots refer to rows of the batch that has ended.
    ++generation_;
    bytes_ = packets_ = flows_ = 0;
    if (resolver_.seen().size() > seen_kept) {
        // The parties get other numbers, so that cached results are void.
        resolver_.drop_seen();
        slots_.clear();
    }
    return made;
}

std::vector<CounterValue> Attributor::counters() const {
    auto counts = counts_;
    counts[unusable_names] = resolver_.names().unusable();
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts.size(); ++i)
        values.push_back({attribute_counters[i].name, counts[i]});
    return values;
}

}  // namespace octroi
