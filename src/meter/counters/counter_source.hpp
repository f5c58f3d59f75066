// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A source of counters: all that differs between the kinds of this folder. CounterMeter reads it
// every `poll`. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "meter/counters/peer_addresses.hpp"
#include "meter/cumulative/cumulative_counters.hpp"
#include "record/counted_volume.hpp"

namespace octroi::counters {

enum class Metering : std::uint8_t {
    metered,    // its traffic counts
    until_now,  // it was metered, maybe, and is not any more: what it counted until now counts
    followed,   // its values are kept, so that it counts from the reading on that meters it. If it
                // was metered before, its increase is a loss: other counters may have a part
};

// What counts of a counter that appears after the first reading, in the same boot. Counters that
// disappeared are remembered (CounterState::gone).
enum class Appearance : std::uint8_t {
    created,    // it began at 0 since the last reading: its value
    arrived,    // it may have counted before, in another place: nothing; its value bounds a loss
    returned,   // created; but if it was there before in this generation, it was away: arrived
    continued,  // created; but if it was there before in this generation, and its values are not
                // smaller, it goes on: the difference
    restored,   // continued, over boots too: a program may have kept its values
};

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
    Metering metering = Metering::metered;
    Appearance appearance = Appearance::created;
    // Its figures may have 32 bits (meter/counters/counter_wrap.hpp).
    bool may_wrap = false;
    // A part of the configuration that asks for this counter. If it was not metered before, the
    // first reading of a new part is where it begins.
    std::string part = {};
};

struct Listing {
    // After a boot all counters are younger than the last reading. In another network namespace of
    // the same boot they may be older.
    std::string boot;
    std::string space;
    std::vector<Sample> samples;
    // All parts of the configuration that the reading has covered.
    std::vector<std::string> parts;
    // What the configuration names and is not there: logged when it changes.
    std::vector<std::string> missing;
    // Inner addresses of the peers of a tunnel, where the source is asked for them.
    std::vector<PeerPrefix> addresses = {};
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
