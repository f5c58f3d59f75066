// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums of an audit: volumes of any number of batches, and their parts by the kind of the ends.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "ledger/audit.hpp"
#include "ledger/query.hpp"
#include "record/batch.hpp"

namespace octroi {

// The parts of `posted`.
enum Part : std::size_t { attributed, unattributed, excluded, transit, parts };
inline constexpr std::array<Volume MeterTotals::*, parts> part_totals{
    &MeterTotals::attributed, &MeterTotals::unattributed, &MeterTotals::excluded,
    &MeterTotals::transit};

[[nodiscard]] inline Part part_of(PartyKind from, PartyKind to) {
    const auto either = [&](PartyKind kind) { return from == kind || to == kind; };
    if (either(PartyKind::excluded)) return excluded;
    if (either(PartyKind::account)) return attributed;
    if (either(PartyKind::unattributed)) return unattributed;
    return transit;
}

__extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using)

// Sums of figures that each fit into 63 bits, so a batch would need 2^65 transfers to exceed them.
struct WideVolume {
    Wide bytes = 0;
    Wide packets = 0;
    Wide flows = 0;

    void operator+=(const Volume& v) noexcept {
        bytes += v.bytes.value();
        packets += v.packets.value();
        flows += v.flows.value();
    }
    void operator+=(const WideVolume& v) noexcept {
        bytes += v.bytes;
        packets += v.packets;
        flows += v.flows;
    }
    bool operator==(const WideVolume&) const = default;
};
using PartSums = std::array<WideVolume, parts>;

inline void add_parts(const Batch& batch, const std::vector<Transfer>& transfers, PartSums& sums) {
    for (const Transfer& t : transfers)
        sums[part_of(batch.parties[t.from].kind, batch.parties[t.to].kind)] += t.volume;
}

// The difference; more than 64 bits: the highest value. False: more is removed than there is; the
// result is 0 then.
[[nodiscard]] inline bool difference(Wide added, Wide removed, std::uint64_t& result) {
    result = 0;
    if (removed > added) return false;
    result = static_cast<std::uint64_t>(std::min<Wide>(added - removed, UINT64_MAX));
    return true;
}

[[nodiscard]] inline bool difference(const WideVolume& added, const WideVolume& removed,
                                     Volume& result) {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;
    bool fits = difference(added.bytes, removed.bytes, bytes);
    fits = difference(added.packets, removed.packets, packets) && fits;
    fits = difference(added.flows, removed.flows, flows) && fits;
    result = {Bytes{bytes}, Packets{packets}, Flows{flows}};
    return fits;
}

// The totals of a meter while batches are read. Corrections subtract, also from batches that are
// read later or that were compacted, so only the end tells the result.
struct MeterSums {
    MeterTotals totals;
    WideVolume observed;
    PartSums added;
    PartSums removed;
};

// A negative figure is a volume that later corrections removed.
inline void add_signed(const SignedVolume& v, WideVolume& added, WideVolume& removed) {
    const auto add = [](std::int64_t figure, Wide& up, Wide& down) {
        (figure < 0 ? down : up) += static_cast<Wide>(figure < 0 ? -Wide(figure) : Wide(figure));
    };
    add(v.bytes, added.bytes, removed.bytes);
    add(v.packets, added.packets, removed.packets);
    add(v.flows, added.flows, removed.flows);
}

}  // namespace octroi
