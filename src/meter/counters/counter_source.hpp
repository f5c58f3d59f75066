// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A source of counters: all that differs between the kinds of this folder. CounterMeter reads it
// every `poll`. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "meter/cumulative/cumulative_counters.hpp"
#include "record/counted_volume.hpp"

namespace octroi::counters {

// One counter at one time.
struct Sample {
    // Names the counter within its source, for as long as it counts: not longer than
    // CumulativeCounters::text_octets_max.
    std::string counter;
    // Changes when the counter begins at 0 again (meter/cumulative).
    std::string generation;
    cumulative::CounterValues values;
    // The identity that its traffic belongs to.
    NameKind kind = NameKind::interface;
    std::string identity;
    CountedDirection direction = CountedDirection::in;
    std::string label;  // for people, and Loss::source: "eth0 in"
    // False: the counter is followed, so that it counts from now on if it is metered later.
    bool is_metered = true;
    // A part of the configuration that asks for this counter. The first reading of a new part is
    // where its counters begin.
    std::string part = {};
};

struct Listing {
    std::vector<Sample> samples;
    // All parts of the configuration that the reading has covered.
    std::vector<std::string> parts;
    // What the configuration names and is not there: logged when it changes.
    std::vector<std::string> missing;
};

class CounterSource {
public:
    virtual ~CounterSource() = default;
    // Reads all counters, or none: an error leaves the increase to the next reading. A counter that
    // is not in the listing does not exist any more.
    [[nodiscard]] virtual Result<Listing> read() = 0;
    // Blocks for at most this time.
    virtual void wait(Duration time) = 0;
};

}  // namespace octroi::counters
