// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whose it is: readings in, the transfers of a batch out. One for each meter, used on its thread.
//
//     Attributor attributor(directory, classes, services, random_seed());
//     meter.pull(attributor, …)…
//     Attributed made = attributor.take();      when a batch is due: with the meter's checkpoint
//     attributor.replace(new directory, …);     only right after take()
//
// Each octet of a reading goes from one party to another in one bucket: nothing is left out, and
// what policy leaves out is attributed to excluded/<reason> at both ends. Ends are decided by
// CompiledDirectory; the near end of a link (VLAN, interface) is the source of traffic that came in
// and the destination of what went out; where the direction is not known, it is the end inside a
// declared local network if exactly one is; else links bind nothing. AS numbers belong to their
// end, a next hop to the destination, whatever the direction. A reading over several
// buckets, or over a change of a binding, is split in proportion to time (split.hpp); its flow
// belongs to the first part.
//
// Memory: 28 octets for each flow_slot of the meter (the live flows); for a batch 40 + 22 for each
// row and 70 for each single address seen, with 48 more for each row once readings are sampled.
// Between batches at most rows_kept and addresses_kept stay.

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attribute/address_parties.hpp"
#include "attribute/class_table.hpp"
#include "attribute/directory.hpp"
#include "attribute/sampled_rows.hpp"
#include "attribute/services.hpp"
#include "attribute/tally.hpp"
#include "record/counter.hpp"
#include "record/reading.hpp"
#include "record/transfer.hpp"

namespace octroi {

// The attributed part of a Batch; fields of the same names.
struct Attributed {
    std::vector<Party> parties;          // sorted
    std::vector<std::string> services;   // sorted
    std::vector<Transfer> transfers;     // sorted, one row for each (bucket, from, to, service)
    std::vector<SampledVolume> sampled;  // by transfer
    Volume volume;                       // the sum of the transfers
    std::string class_version;
    std::uint64_t directory_version = 0;
};

// In the order of Attributor::counters().
inline constexpr std::array<CounterInfo, 6> attribute_counters = {{
    {"attribute_readings_total", "Readings attributed."},
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
    static constexpr std::size_t addresses_kept = std::size_t{1} << 20U;
    static constexpr std::size_t flow_slots_expected = std::size_t{1} << 22U;
    static constexpr std::size_t flow_slots_max = std::size_t{1}
                                                  << 24U;  // of larger ones nothing is remembered

    using DirectoryPtr = std::shared_ptr<const CompiledDirectory>;
    using ClassesPtr = std::shared_ptr<const CompiledClasses>;
    using ServicesPtr = std::shared_ptr<const CompiledServices>;

    // seed: for the hash tables; secret from those whose traffic is counted. memory: for what grows
    // with the traffic; must outlive the attributor.
    Attributor(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services, std::uint64_t seed,
               std::pmr::memory_resource& memory = *std::pmr::get_default_resource());

    // Room for as much as is kept between batches, so that nothing moves while it grows. To be
    // called where the memory costs nothing before it is used (huge_page_resource() of host/).
    void reserve();

    void accept(std::span<const Reading> readings) override;

    // Names for Reading::interface (index + 1), as Meter::interfaces() gives them: to be called
    // when there are more than before. Readings of interfaces not named yet are of no interface.
    void set_interfaces(std::span<const std::string> names);

    // The same for Reading::next_hop, as Meter::next_hops() gives them.
    void set_next_hops(std::span<const Address> next_hops);

    // What was accepted since the last take(). Starts anew.
    [[nodiscard]] Attributed take();
    // Rows of the batch in the making: the driver commits before they become too many.
    [[nodiscard]] std::size_t rows() const noexcept { return tally_.rows().size(); }

    // Only while the batch is empty: a batch is made with one directory and one class table.
    void replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services);

    [[nodiscard]] std::vector<CounterValue> counters() const;

private:
    // In the order of attribute_counters.
    enum Count : std::size_t { readings, remembered, split, odd_times, overlong, refused };
    // PartyKind::excluded names; by the numbers below.
    static constexpr std::array<std::string_view, 5> reasons = {"non-ip", "malformed", "duplicate",
                                                                "loopback", "dropped"};
    enum Reason : std::uint32_t {
        reason_non_ip,
        reason_malformed,
        reason_duplicate,
        reason_loopback,
        reason_dropped,
        not_excluded
    };

    using BucketNumber = std::int32_t;
    // Who and what, and when it holds.
    struct Answer {
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        Interval valid;
    };
    // An answer remembered, for the buckets [first, end) that lie wholly inside its interval, and
    // the row it was last added to.
    struct SlotAnswer {
        BucketNumber first = 0;
        BucketNumber end = 0;  // first == end: nothing remembered
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::uint32_t service = 0;
        std::uint32_t row = 0;
        std::uint32_t row_generation = 0;
    };
    struct Ends {
        CompiledDirectory::Answer from;
        CompiledDirectory::Answer to;
    };
    // One end before it has a number: an address that is a party may be new.
    struct End {
        const Address* address = nullptr;  // of the reading; null: the end has a number
        std::uint32_t number = 0;          // of the address's owner, or of the end
        std::uint64_t hash = 0;            // of address and owner
    };
    struct Finding {
        End from;
        End to;
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
        std::uint64_t hash = 0;                // of the row's key
        std::uint64_t next_hash = 0;           // spread: of that in the next bucket
        Finding finding;                       // resolved, spread
        Answer answer;                         // resolved, spread
    };
    // What the record says of an end: a source has no next hop.
    struct Stated {
        std::uint32_t as = 0;
        std::uint16_t next_hop = 0;
    };
    struct NextHop {
        Address address;
        std::uint32_t timeline = CompiledDirectory::no_timeline;
        std::uint32_t class_index = CompiledClasses::no_class;
    };
    static constexpr std::size_t group_size = 32;
    using Group = std::span<const Reading>;

    // Numbers of parties: those of the directory, then from here on the classes, the built-in
    // classes, the reasons of exclusion, and single addresses.
    struct Bases {
        std::uint32_t classes = 0;
        std::uint32_t builtin = 0;
        std::uint32_t excluded = 0;
        std::uint32_t addresses = 0;
    };

    void number_parties();
    void forget();
    [[nodiscard]] bool count(const Reading& reading) noexcept;
    // The steps of accept(): attributor_accept.cpp.
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
    [[nodiscard]] Answer answer_at(const Reading& reading, UtcTime time);
    [[nodiscard]] static std::uint32_t exclusion(const Reading& reading);  // a Reason
    // Without a change; then with numbers for addresses that had none. The finding points into the
    // reading, and is written where it stays: copying it would cost as much as finding it.
    void find(const Reading& reading, UtcTime time, Finding& finding) const;
    [[nodiscard]] Answer answer_of(const Finding& finding);
    [[nodiscard]] Answer answer_of(const Reading& reading, UtcTime time);
    [[nodiscard]] Ends find_ends(const Reading& reading, UtcTime time) const;
    void bind_by_links(const Reading& reading, UtcTime time, Ends& ends) const;
    [[nodiscard]] std::uint32_t timeline_of(std::uint16_t interface) const;
    [[nodiscard]] bool near_is_source(const Reading& reading, bool& known) const;
    [[nodiscard]] NextHop resolved(const Address& next_hop) const;
    void set_end(End& end, const CompiledDirectory::Answer& answer, const Address& address,
                 Stated stated) const;
    void set_end(End& end, const CompiledDirectory::Target& target, const Address& address) const;
    [[nodiscard]] std::uint32_t class_of(const Address& address, Stated stated) const;
    [[nodiscard]] std::uint32_t number_of(const End& end);
    [[nodiscard]] static TallyKey key_of(BucketNumber bucket, const Answer& answer) noexcept {
        return {bucket, answer.from, answer.to, answer.service};
    }
    [[nodiscard]] SlotAnswer* slot_of(const Reading& reading);
    void remember(const Reading& reading, const Answer& answer);
    [[nodiscard]] Party party(std::uint32_t number) const;
    // The parts of take(): attributor_take.cpp.
    [[nodiscard]] std::vector<std::uint32_t> take_parties(Attributed& out) const;
    [[nodiscard]] std::vector<std::uint32_t> take_services(Attributed& out) const;
    void take_transfers(Attributed& out, const std::vector<std::uint32_t>& place_of_party,
                        const std::vector<std::uint32_t>& place_of_service) const;

    DirectoryPtr directory_;
    ClassesPtr classes_;
    ServicesPtr services_;
    std::vector<std::string> interface_names_;
    std::vector<std::uint32_t> interface_timelines_;
    std::vector<NextHop> next_hops_;
    Bases bases_;
    std::vector<std::uint32_t> class_parties_;  // by index of classes_->names()
    AddressParties addresses_;
    Tally tally_;
    SampledRows sampled_;
    std::uint32_t generation_ = 1;  // of the tally's rows
    std::pmr::vector<SlotAnswer> slots_;
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
