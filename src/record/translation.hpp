// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A translation of a NAT device: which inside address used an outside address and port, and when.

#include <compare>
#include <cstdint>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

struct Translation {
    Address exporter;  // that reported it; empty: a file that does not state it
    Address outside;
    std::uint8_t protocol = 0;  // IANA number; 0: any
    // The outside ports: first_port, first_port + port_step, … up to last_port. 0 to 65535: all
    // ports, and protocols without ports. 0 to 0: a session of a protocol without ports.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 65535;
    std::uint16_t port_step = 1;
    Address remote;  // valid for traffic with this far end only; empty: with any
    std::uint16_t remote_port = 0;
    Address inside;
    std::uint16_t inside_port = 0;  // 0: the outside port, or unknown
    Interval valid;                 // ends at max: the end is not known yet

    // The end is compared last: translations that differ in it only are neighbours when sorted.
    auto operator<=>(const Translation&) const = default;

    [[nodiscard]] bool is_open() const noexcept { return valid.end == UtcTime::max(); }
    [[nodiscard]] bool covers(std::uint16_t port) const noexcept {
        return first_port <= port && port <= last_port && (port - first_port) % port_step == 0;
    }
};

// Whether both describe the same translation: all fields but the end are equal.
[[nodiscard]] inline bool is_same_but_for_end(const Translation& a, Translation b) noexcept {
    b.valid.end = a.valid.end;
    return a == b;
}

}  // namespace octroi
