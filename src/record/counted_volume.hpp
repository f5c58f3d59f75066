// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the kernel or another program has counted already, for each key: identity, far end, service
// and direction. A meter that reads such counters hands these over in place of readings; both are
// attributed, split over time and summed by the same rules.

#include <cstdint>

#include "base/time.hpp"
#include "record/name.hpp"
#include "record/reading.hpp"

namespace octroi {

// A plain value. The increase of the counter since it was last handed over, not its total.
struct CountedVolume {
    // The interval in which the increase happened: [first, last].
    UtcTime first;
    UtcTime last;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;

    // Who: a row of an identity kind. Its binding at the time decides; an address or prefix
    // that is bound to nobody is local or far as its network says, any other name is unattributed.
    // no_name: the end is not known.
    NameRef local = no_name;
    // With whom: a row of kind far_class, or of an identity kind, as above.
    NameRef far = no_name;
    // A row of kind service. no_name: the service is not known.
    NameRef service = no_name;
    Direction direction = Direction::in;  // in: from far to local. out: from local to far
    // Anything but ip goes to @excluded at both ends.
    ReadingKind kind = ReadingKind::ip;
};

}  // namespace octroi
