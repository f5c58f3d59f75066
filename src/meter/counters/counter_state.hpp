// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All that a meter of this folder must remember over a restart, as the content of a state file.
//
// Format, numbers most significant octet first: u32 magic, text of CumulativeCounters::save(),
// texts of boot and space, u32 count and texts of parts, u32 count and pairs of texts (counter,
// label) of metered counters, u32 count and gone counters (GoneCounter, field by field), u32 count
// and pending volumes (PendingVolume, field by field).

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "meter/cumulative/cumulative_counters.hpp"
#include "record/counted_volume.hpp"

namespace octroi::counters {

// An increase that was read and not handed over yet. The name is a text: a NameRef lives no longer
// than the process.
struct PendingVolume {
    CountedVolume volume;  // without names
    NameKind kind = NameKind::interface;
    std::string identity;
};

struct CounterState {
    // More counters that are gone are not kept: the oldest is dropped first.
    static constexpr std::size_t gone_max = 4096;

    cumulative::CumulativeCounters counters;
    std::string boot;                // Listing::boot of the last reading; empty: there was none
    std::string space;               // Listing::space
    std::vector<std::string> parts;  // of the configuration, of the last reading
    // By counter: the label of each metered one, for its loss when it is gone.
    boost::unordered_flat_map<std::string, std::string> labels;
    // Counters that may come back, in the order in which they went.
    std::deque<cumulative::GoneCounter> gone;
    std::deque<PendingVolume> pending;

    void remember(cumulative::GoneCounter counter);
    // Drops the counter from the list, and returns it.
    [[nodiscard]] std::optional<cumulative::GoneCounter> drop_gone(std::string_view counter);

    [[nodiscard]] std::string save() const;
    // Errors: corrupt.
    [[nodiscard]] static Result<CounterState> restore(std::string_view saved);
};

}  // namespace octroi::counters
