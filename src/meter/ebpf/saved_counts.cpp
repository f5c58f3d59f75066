// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/saved_counts.hpp"

#include "base/byte_cursor.hpp"

namespace octroi::ebpf {
namespace {

// DO NOT CHANGE: state files contain it.
constexpr std::uint32_t counts_magic = 0x6f636531;  // "oce1"
constexpr std::size_t head_octets = 8;

}  // namespace

std::string SavedCounts::save() const {
    ByteWriter head;
    head.be32(counts_magic);
    head.be32(finished_map);
    return head.drain() + counters.save();
}

Result<SavedCounts> SavedCounts::restore(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    SavedCounts counts;
    std::uint32_t found = 0;
    if (!in.be32(found) || found != counts_magic || !in.be32(counts.finished_map))
        return fail(ErrorCode::corrupt, "the state of the counts is damaged");
    TRY_ASSIGN(counts.counters, cumulative::CumulativeCounters::restore(saved.substr(head_octets)));
    return counts;
}

}  // namespace octroi::ebpf
