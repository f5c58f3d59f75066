// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A mapping of a NAT device (RFC 8158): which inside end had an outside end, and when. Meters hand
// them over, whatever reported them: flow exports, conntrack, logs.

#include <compare>
#include <cstdint>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

struct Translation {
    Address device;  // that reported it; empty: not known, or this machine
    Address outside;
    std::uint8_t protocol = 0;  // IANA number; 0: all
    // The outside ports: first_port, first_port + port_step, … up to last_port. 0 to 65535: all
    // ports, and protocols without ports. 0 to 0: no port (a session of such a protocol).
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 65535;
    std::uint16_t port_step = 1;
    Address remote;  // the far end that the mapping is limited to; empty: all far ends
    std::uint16_t remote_port = 0;
    Address inside;
    std::uint16_t inside_port = 0;  // 0: the same as outside, or not known
    Interval valid;                 // end max: the mapping is not known to have ended

    // The end time is the last one compared: mappings that differ only in it are next to each
    // other.
    auto operator<=>(const Translation&) const = default;

    [[nodiscard]] bool is_open() const noexcept { return valid.end == UtcTime::max(); }
    [[nodiscard]] bool covers(std::uint16_t port) const noexcept {
        return first_port <= port && port <= last_port && (port - first_port) % port_step == 0;
    }
};

// Whether the two are one mapping, of which one may not know the end time.
[[nodiscard]] inline bool is_same_but_for_end(const Translation& a, Translation b) noexcept {
    b.valid.end = a.valid.end;
    return a == b;
}

}  // namespace octroi
