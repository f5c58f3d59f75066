// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Mappings of NAT devices over time: which inside end had an outside end when traffic was seen?
//
//   - A created mapping ends the one that the same device had before for the same outside end
//     (address, protocol, ports, far end). Where a later one is known already, it ends there:
//     events may arrive in any order.
//   - A deleted mapping ends. What has ended does not change any more. If another inside end has
//     the outside end, the event is not used, and counted: a creation alone changes who has it.
//   - A deletion without a creation stands for a mapping since unknown_start before it, or since
//     the end of the one before. If its creation arrives later, the beginning is corrected. (A
//     deletion may be dated up to clock_grace before its creation.)
//
// One thread. No clock: all times are arguments. Limits and eviction: mapping_store.hpp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/nat/inside_end.hpp"
#include "meter/nat/mapping_store.hpp"
#include "meter/nat/nat_event.hpp"
#include "record/translation.hpp"

namespace octroi::nat {

class NatTable {
public:
    static constexpr Duration unknown_start = Duration::hours(1);
    // The clocks of two devices differ, and NetFlow has times of whole seconds.
    static constexpr Duration clock_grace = Duration::seconds(2);

    explicit NatTable(std::uint64_t seed, const NatLimits& limits = {}) : store_(seed, limits) {}

    [[nodiscard]] bool empty() const noexcept { return store_.size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return store_.size(); }

    // at: the time of the event. now: when it was received, by our clock.
    void on_event(const NatEvent& event, UtcTime at, UtcTime now);

    // Whether any mapping of the address is known: a quick test for addresses that are not outside.
    [[nodiscard]] bool knows(const Address& outside) const noexcept {
        return store_.contains(outside);
    }
    // The inside end of the mapping that holds at `first`, else at `last`, else within clock_grace
    // of `first`. The reporter's own mapping, else of those of trusted devices the one that began
    // last.
    [[nodiscard]] std::optional<InsideEnd> inside_of(const InsideQuery& query) const;

    // The mappings that were created or ended since the last call, for the ledger.
    [[nodiscard]] std::vector<Translation> drain_changes() { return store_.changes().drain(); }
    [[nodiscard]] std::size_t changes() const noexcept { return store_.changes().size(); }
    // Mappings that were evicted before their time, or not stored because of a limit.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return store_.evicted(); }
    // Deletions that were not used because another inside end has the outside end.
    [[nodiscard]] std::uint64_t contradicted() const noexcept { return contradicted_; }

    // All mappings as octets. Changes that were not drained are not among them.
    void save(ByteWriter& out) const;
    // Into an empty table. False: save() did not write these octets; the table is empty then.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    void on_created(Translation mapping, UtcTime at, UtcTime now);
    void on_deleted(Translation mapping, UtcTime at, UtcTime now);
    [[nodiscard]] bool end_known(const History& history, Mappings& mappings,
                                 const MappingKey& deleted);

    MappingStore store_;
    std::uint64_t contradicted_ = 0;
};

}  // namespace octroi::nat
