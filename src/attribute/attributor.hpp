// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Attribution: readings and counted volumes in, the transfers of a batch out. One object for each
// meter, used on its thread.
//
//     Attributor attributor(directory, classes, services, random_seed());
//     meter.pull(attributor, …)…
//     Attributed made = attributor.make_attributed();   with each checkpoint of the meter
//     attributor.replace(new directory, …);             only right after make_attributed()
//
// Each octet goes from one party to another in one bucket. Traffic that is not billed goes from and
// to @excluded/<reason>. PartyResolver decides the ends, CompiledServices the service. A reading in
// several buckets, or over a change of a binding, is split in proportion to time (split.hpp); its
// flow is in the first part.
//
// The near end of a link is the source of incoming traffic and the destination of outgoing traffic.
// Without a direction it is the end inside a local network, if exactly one is; else identities of
// the near end bind nothing.
//
// Memory: 28 octets for each flow slot of the meter. For a batch 40 + 22 for each row, 70 for each
// single address or name seen, and 48 more for each row once readings are sampled. Between batches
// memory for at most rows_kept and seen_kept remains.

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "attribute/batch_maker.hpp"
#include "attribute/flow_slots.hpp"
#include "attribute/party_resolver.hpp"
#include "attribute/sampled_rows.hpp"
#include "attribute/services.hpp"
#include "attribute/tally.hpp"
#include "record/counter.hpp"
#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"

namespace octroi {

// In the order of Attributor::counters().
inline constexpr std::array<CounterInfo, 10> attribute_counters = {{
    {"attribute_readings_total",
     "Readings attributed, and volumes of meters that report sums instead of flows."},
    {"attribute_remembered_total",
     "Readings for which the result of an earlier reading of the flow was used."},
    {"attribute_split_total", "Readings split over buckets or over a change of a binding."},
    {"attribute_odd_times_total",
     "Readings with a last packet before the first, or outside of 1678 to 2262: times corrected."},
    {"attribute_overlong_total",
     "Readings longer than 31 days: counted as a whole in the bucket of the last packet."},
    {"attribute_refused_total",
     "Readings with a volume that no link can carry, or beyond the sums of a batch: not counted, a "
     "loss."},
    {"attribute_unusable_names_total",
     "Names in readings that are not valid for an identity, class or service: ignored."},
    {"attribute_refused_names_total",
     "How often a meter could not add a name to its table (too long, or beyond a limit): the "
     "broader name, or none, was used."},
    {"attribute_identities_total",
     "Statements of who held an address, a prefix or a MAC address, also repeated ones."},
    {"attribute_refused_identities_total",
     "Such statements with an identity or a time that is not valid: ignored."},
}};

class Attributor final : public ReadingSink {
public:
    static constexpr std::size_t rows_kept = std::size_t{1} << 21U;
    static constexpr std::size_t seen_kept = std::size_t{1} << 20U;

    using DirectoryPtr = PartyResolver::DirectoryPtr;
    using ClassesPtr = PartyResolver::ClassesPtr;
    using ServicesPtr = PartyResolver::ServicesPtr;

    // seed: of the hash tables; secret, so that nobody can choose traffic that collides. memory:
    // for all that grows with the traffic; must outlive the attributor.
    Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services, std::uint64_t seed,
               std::pmr::memory_resource& memory = *std::pmr::get_default_resource());

    // Reserves as much as is kept between batches, so that nothing is moved while it grows. For a
    // memory resource that costs nothing before it is used (huge_page_resource() of host/).
    void reserve();

    // The rows of Meter::names(), to be called whenever there are more. A NameRef of a row that was
    // not set yet counts as no_name. not_added: names that the meter could not add, in all; for the
    // counter.
    void set_names(std::span<const Name> names, std::uint64_t not_added = 0) {
        resolver_.set_names(names);
        counts_[refused_names] = not_added;
    }

    // A row that was set has another name. Only of interfaces and next hops of readings without a
    // flow slot.
    void rename(NameRef ref, const Name& name) { resolver_.rename(ref, name); }

    // Traffic that another meter is charged for. To be called before the first accept().
    void set_duplicates(std::vector<DuplicateTraffic> traffic) {
        resolver_.set_duplicates(DuplicateFilter(std::move(traffic)));
    }

    void accept(std::span<const Reading> readings) override;
    void accept_counted(std::span<const CountedVolume> volumes) override;
    // Attributed::identities of the next call has them; attribution uses them only after they
    // came back with use_sessions(). Events that no ledger stores are counted and left out.
    void accept_identities(std::span<const IdentityEvent> events) override;

    // All that was accepted since the last call.
    [[nodiscard]] Attributed make_attributed();
    // Rows of the current batch: the metering loop commits before they become too many.
    [[nodiscard]] std::size_t rows() const noexcept { return tally_.rows().size(); }
    // The sums of the current batch are so large that a commit is due.
    [[nodiscard]] bool is_volume_due() const noexcept {
        return (bytes_ | packets_ | flows_) >= batch_volume_due;
    }

    // Requires an empty batch: a batch is made with one directory and one class table.
    void replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services);
    // The sessions from now on (null: none), also within a batch. They must be made from those
    // before, unless the batch is empty.
    void use_sessions(SessionsPtr sessions);
    // Events for the next batch: a commit is due soon.
    [[nodiscard]] std::size_t identities() const noexcept { return identities_.size(); }

    [[nodiscard]] std::vector<CounterValue> counters() const;

private:
    // In the order of attribute_counters.
    enum Count : std::size_t {
        readings,
        remembered,
        split,
        odd_times,
        overlong,
        refused,
        unusable_names,
        refused_names,
        identities_seen,
        refused_identities
    };

    using BucketNumber = std::int32_t;
    // The parties and the service of a reading, and the interval in which they are valid.
    struct Answer {
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        Interval valid;
    };
    // remembered: cached in the flow slot. resolved: looked up, in one bucket. spread: looked up,
    // in several buckets. split: each part is looked up.
    enum class LookupState : std::uint8_t { refused, split, remembered, resolved, spread };
    // A reading between the steps of accept().
    struct PendingLookup {
        LookupState state = LookupState::refused;
        BucketNumber bucket = 0;               // spread: the first
        std::uint32_t row = RowIndex::absent;  // the row that it will most likely be added to
        std::uint32_t service = 0;             // resolved, spread
        std::uint64_t hash = 0;                // of the key of the row
        std::uint64_t next_hash = 0;           // spread: of the key in the next bucket
        PartyResolver::Ends ends;              // resolved, spread
        Answer answer;                         // resolved, spread
    };
    static constexpr std::size_t group_size = 32;
    using Group = std::span<const Reading>;
    // [first, last], within earliest and latest.
    struct Times {
        UtcTime first;
        UtcTime last;
    };

    // Adds to the totals of the batch. False: the volume is impossible, or the totals would become
    // too large; it is refused.
    template <typename Record>
    [[nodiscard]] bool count(const Record& record) noexcept;
    template <typename Record>
    [[nodiscard]] bool refuse(const Record& record) noexcept;  // false
    // The steps of accept(), in their order.
    void choose_states(Group group);
    void probe_addresses(Group group);
    void number_ends(Group group);
    void probe_rows(Group group);
    void add_group(Group group);

    [[nodiscard]] LookupState choose_state(const Reading& reading, BucketNumber& bucket);
    bool add_remembered(const Reading& reading, BucketNumber bucket);
    void add_whole(const Reading& reading, BucketNumber bucket, const Answer& answer,
                   std::uint64_t hash);
    void add_to(std::uint32_t row, const Reading& reading);
    void add_sampled(std::uint32_t row, const Reading& reading);
    void add_spread(const Reading& reading, const PendingLookup& pending);
    void add_split(const Reading& reading);
    void add_counted(const CountedVolume& volume);
    [[nodiscard]] Times sane_times(UtcTime first, UtcTime last);
    [[nodiscard]] Answer answer_at(const Reading& reading, UtcTime time);
    [[nodiscard]] Answer answer_of(const Reading& reading, UtcTime time);
    [[nodiscard]] Answer answer_of(const CountedVolume& volume, UtcTime time);
    [[nodiscard]] Answer number(const PartyResolver::Ends& ends, std::uint32_t service);
    [[nodiscard]] std::uint32_t service_of(const CountedVolume& volume) const;
    [[nodiscard]] static TallyKey key_of(BucketNumber bucket, const Answer& answer) noexcept {
        return {bucket, answer.from, answer.to, answer.service};
    }
    [[nodiscard]] static TallyKey key_of(BucketNumber bucket,
                                         const FlowSlots::Answer& answer) noexcept {
        return {bucket, answer.from, answer.to, answer.service};
    }
    void remember(const Reading& reading, const Answer& answer);

    ServicesPtr services_;
    PartyResolver resolver_;
    Tally tally_;
    SampledRows sampled_;
    std::uint32_t generation_ = 1;  // of the rows of the tally: one for each batch
    FlowSlots slots_;
    std::array<PendingLookup, group_size> pending_;
    UtcTime bucket_begin_{1};  // the bucket of the last reading; at first an empty one
    UtcTime bucket_end_{0};
    BucketNumber bucket_ = 0;
    std::uint64_t bytes_ = 0;  // totals of the batch
    std::uint64_t packets_ = 0;
    std::uint64_t flows_ = 0;
    UtcTime last_traffic_ = UtcTime::min();
    ObservedVolume refused_volume_;
    std::uint64_t refused_records_ = 0;
    Interval refused_times_ = RefusedVolume().times;
    std::vector<IdentityEvent> identities_;
    std::uint64_t identities_known_ = 0;  // of the batch: the smallest number of its sessions
    std::array<std::uint64_t, attribute_counters.size()> counts_{};
};

// On the path of every reading. The limits are powers of two, so that each takes one compare.
template <typename Record>
inline bool Attributor::count(const Record& record) noexcept {
    const std::uint64_t flows = record.flows;
    const bool is_large = ((record.bytes | record.packets | flows) >> record_volume_bits) != 0;
    if (is_large && !(is_possible_count(record.bytes, record.first, record.last) &&
                      is_possible_count(record.packets, record.first, record.last) &&
                      is_possible_count(flows, record.first, record.last))) [[unlikely]]
        return refuse(record);
    // Cannot overflow: a total is below 2^62, a possible count is at most 2^57.
    const std::uint64_t bytes_sum = bytes_ + record.bytes;
    const std::uint64_t packets_sum = packets_ + record.packets;
    const std::uint64_t flows_sum = flows_ + flows;
    if (((bytes_sum | packets_sum | flows_sum) >> batch_volume_bits) != 0) [[unlikely]]
        return refuse(record);
    bytes_ = bytes_sum;
    packets_ = packets_sum;
    flows_ = flows_sum;
    last_traffic_ = std::max(last_traffic_, record.last);
    ++counts_[readings];
    return true;
}

}  // namespace octroi
