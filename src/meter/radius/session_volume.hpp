// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a session carried between two requests, from its counts since its begin (RFC 2866 sections
// 5.3 to 5.6; RFC 2869 sections 5.1 and 5.2).

#include <cstdint>

#include "base/time.hpp"
#include "wire/radius/accounting.hpp"

namespace octroi::radius_meter {

struct VolumeIncrease {
    radius::SessionVolume by;
    // The counts began at 0 again: what the session carried before that, since the last request, is
    // not known.
    bool has_begun_again = false;
    // More than the link carries in the time.
    bool is_implausible = false;
};

// time: between the two requests. bits_per_second: of the fastest link. Octets that became smaller:
// without Acct-*-Gigawords a wrap of 32 bits, if the link can have carried that; else the counts
// began again. Counts of packets have 32 bits.
[[nodiscard]] VolumeIncrease volume_increase(const radius::SessionVolume& before,
                                             const radius::SessionVolume& now, Duration time,
                                             std::uint64_t bits_per_second);

}  // namespace octroi::radius_meter
