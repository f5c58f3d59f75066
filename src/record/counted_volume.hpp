// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A volume that the kernel or another program has counted for a key: identity, far end, service and
// direction. A meter that reads such counters hands these over instead of readings. Attribution
// applies the same rules to both: the binding at that time, the split over time, the sums.

#include <cstdint>

#include "base/time.hpp"
#include "record/name.hpp"
#include "record/reading.hpp"

namespace octroi {

// A counted volume without a direction would have no sender, so there is no `unknown`.
enum class CountedDirection : std::uint8_t {
    in,   // from far to local
    out,  // from local to far
};

// A plain value: the increase of the counter since the meter handed it over last, not its total.
// Absent names are no_name.
struct CountedVolume {
    // The interval of the increase: [first, last].
    UtcTime first;
    UtcTime last;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;

    // The near end: a name of an identity kind. Its binding at the time decides. An address
    // or prefix without a binding is local or far, as for a reading; any other name without a
    // binding is @unattributed. So is an end without a usable name.
    NameRef local = no_name;
    // The far end: a name of kind far_class, or of an identity kind (as above, but an AS or a next
    // hop without a binding has the class of the class table). Without a usable name it is of class
    // `unknown`.
    NameRef far = no_name;
    NameRef service = no_name;  // of kind service
    CountedDirection direction = CountedDirection::in;
    // Not ip: both ends are @excluded, as for a reading.
    ReadingKind kind = ReadingKind::ip;
};

}  // namespace octroi
