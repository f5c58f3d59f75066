// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All that a meter of this folder must remember over a restart, as the content of a state file.
//
// Format, numbers most significant octet first: u32 magic, text of CumulativeCounters::save(),
// u32 count and texts of parts, u32 count and pairs of texts (counter, label) of metered counters,
// u32 count and pending volumes (PendingVolume, field by field).

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
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
    cumulative::CumulativeCounters counters;
    std::vector<std::string> parts;  // of the configuration, of the last reading
    // By counter: the label of each metered one, for its loss when it is gone.
    boost::unordered_flat_map<std::string, std::string> labels;
    std::deque<PendingVolume> pending;

    [[nodiscard]] std::string save() const;
    // Errors: corrupt.
    [[nodiscard]] static Result<CounterState> restore(std::string_view saved);
};

}  // namespace octroi::counters
