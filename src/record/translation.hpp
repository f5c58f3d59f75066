// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who stood behind an outside address, and when: what a translator (NAT) says of itself.

#include <compare>
#include <cstdint>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi {

struct Translation {
    Address exporter;  // who said so; empty: a file that does not tell
    Address outside;
    std::uint8_t protocol = 0;  // IANA number; 0: any
    // The outside ports: first_port, first_port + port_step, … up to last_port. 0 to 65535: all,
    // and protocols that have none; 0 to 0: none (a session of such a protocol).
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 65535;
    std::uint16_t port_step = 1;
    Address remote;  // only of traffic with this far end; empty: with anybody
    std::uint16_t remote_port = 0;
    Address inside;
    std::uint16_t inside_port = 0;  // 0: as outside, or not known
    Interval valid;                 // until max: it is not known to have ended

    // The end comes last: translations that differ in it alone stand side by side.
    auto operator<=>(const Translation&) const = default;

    [[nodiscard]] bool is_open() const noexcept { return valid.end == UtcTime::max(); }
    [[nodiscard]] bool covers(std::uint16_t port) const noexcept {
        return first_port <= port && port <= last_port && (port - first_port) % port_step == 0;
    }
};

// Whether the two are one translation of which at most one knows the end.
[[nodiscard]] inline bool is_same_but_for_end(const Translation& a, Translation b) noexcept {
    b.valid.end = a.valid.end;
    return a == b;
}

}  // namespace octroi
