// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Attribution: readings and counted volumes in, the transfers of a batch out. One for each meter,
// used on its thread.
//
//     Attributor attributor(directory, classes, services, random_seed());
//     meter.pull(attributor, …)…
//     Attributed made = attributor.make_attributed();   when a batch is due: with the checkpoint
//     attributor.replace(new directory, …);             only right after make_attributed()
//
// Each octet goes from one party to another in one bucket: nothing is left out, and what policy
// leaves out is attributed to excluded/<reason> at both ends. PartyResolver decides the ends. The
// near end of a link (VLAN, interface, user…) is the source of traffic that came in and the
// destination of what went out; where the direction is not known, it is the end inside a declared
// local network if exactly one is; else near identities bind nothing. AS numbers belong to their
// end, a next hop to the destination, whatever the direction. A reading over several buckets, or
// over a change of a binding, is split in proportion to time (split.hpp); its flow belongs to the
// first part.
//
// Memory: 28 octets for each flow slot of the meter (the live flows); for a batch 40 + 22 for each
// row and 70 for each single address seen, with 48 more for each row once readings are sampled.
// Between batches at most rows_kept and seen_kept stay.

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "attribute/batch_maker.hpp"
#include "attribute/flow_slots.hpp"
#include "attribute/party_resolver.hpp"
#include "attribute/sampled_rows.hpp"
#include "attribute/services.hpp"
#include "attribute/tally.hpp"
#include "record/counter.hpp"
#include "record/reading_sink.hpp"

namespace octroi {

// In the order of Attributor::counters().
inline constexpr std::array<CounterInfo, 6> attribute_counters = {{
    {"attribute_readings_total", "Readings and counted volumes attributed."},
    {"attribute_remembered_total",
     "Readings whose answer was remembered from one before of the same flow."},
    {"attribute_split_total", "Readings split over buckets or over a change of a binding."},
    {"attribute_odd_times_total",
     "Readings whose last packet was before their first, or centuries away: moved."},
    {"attribute_overlong_total",
     "Readings longer than 31 days: booked whole in the bucket of their last packet."},
    {"attribute_refused_total",
     "Readings that would overflow the 64-bit sums of a batch: not booked."},
}};

class Attributor final : public ReadingSink {
public:
    static constexpr std::size_t rows_kept = std::size_t{1} << 21U;
    static constexpr std::size_t seen_kept = std::size_t{1} << 20U;

    using DirectoryPtr = PartyResolver::DirectoryPtr;
    using ClassesPtr = PartyResolver::ClassesPtr;
    using ServicesPtr = PartyResolver::ServicesPtr;

    // seed: for the hash tables; secret from those whose traffic is counted. memory: for what grows
    // with the traffic; must outlive the attributor.
    Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services, std::uint64_t seed,
               std::pmr::memory_resource& memory = *std::pmr::get_default_resource());

    // Reserves as much as is kept between batches, so that nothing moves while it grows. To be
    // called where the memory costs nothing before it is used (huge_page_resource() of host/).
    void reserve();

    // Names that readings refer to, as Meter::names() gives them: to be called when there are more
    // than before. A reference to a row that was not given yet counts as none.
    void set_names(std::span<const Name> names) { resolver_.set_names(names); }

    void accept(std::span<const Reading> readings) override;
    void accept_counted(std::span<const CountedVolume> volumes) override;

    // What was accepted since the last call. Starts anew.
    [[nodiscard]] Attributed make_attributed();
    // Rows of the batch in the making: the driver commits before they become too many.
    [[nodiscard]] std::size_t rows() const noexcept { return tally_.rows().size(); }

    // Only while the batch is empty: a batch is made with one directory and one class table.
    void replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services);

    [[nodiscard]] std::vector<CounterValue> counters() const;

private:
    // In the order of attribute_counters.
    enum Count : std::size_t { readings, remembered, split, odd_times, overlong, refused };

    using BucketNumber = std::int32_t;
    // Who and what, and when it holds.
    struct Answer {
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        Interval valid;
    };
    // spread: looked up, but over several buckets. split: over several buckets or answers, in a way
    // that is found out part by part.
    enum class LookupState : std::uint8_t { refused, split, remembered, resolved, spread };
    // A reading inside accept(), which takes a group of readings through the same steps.
    struct PendingLookup {
        LookupState state = LookupState::refused;
        BucketNumber bucket = 0;               // spread: the first
        std::uint32_t row = RowIndex::absent;  // its row, as far as can be told
        std::uint32_t service = 0;             // resolved, spread
        std::uint64_t hash = 0;                // of the row's key
        std::uint64_t next_hash = 0;           // spread: of that in the next bucket
        PartyResolver::Ends ends;              // resolved, spread
        Answer answer;                         // resolved, spread
    };
    static constexpr std::size_t group_size = 32;
    using Group = std::span<const Reading>;
    // [first, last], clamped to what the ledger can hold.
    struct Times {
        UtcTime first;
        UtcTime last;
    };

    [[nodiscard]] bool count(std::uint64_t bytes, std::uint64_t packets,
                             std::uint64_t flows) noexcept;
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
    std::uint32_t generation_ = 1;  // of the tally's rows
    FlowSlots slots_;
    std::array<PendingLookup, group_size> pending_;
    UtcTime bucket_begin_{1};  // the bucket of the reading before; at first none
    UtcTime bucket_end_{0};
    BucketNumber bucket_ = 0;
    std::uint64_t bytes_ = 0;  // of the batch
    std::uint64_t packets_ = 0;
    std::uint64_t flows_ = 0;
    std::array<std::uint64_t, attribute_counters.size()> counts_{};
};

}  // namespace octroi
