// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An Exporters object with a sink and a clock that advances by a second for each datagram, for
// tests.

#include <string>

#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/collected.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter::testing {

inline const Address router = Address::v4(0xcb007101);
inline const Address other_router = Address::v4(0xcb007102);

// Source address, destination address, octets.
inline const ipfix::testing::Fields plain{{8, 4}, {12, 4}, {1, 4}};
inline std::string record(std::uint32_t bytes) {
    return ipfix::testing::values().u32(1).u32(2).u32(bytes);
}

struct Receiver {
    explicit Receiver(const Settings& settings = {}) : exporters(settings) {}

    flow::Outcome decode(const std::string& octets, const Address& from = router) {
        now = now + Duration::seconds(1);
        return exporters.decode(
            {.octets = as_octets(octets), .from = from, .received = now, .port = port}, sink);
    }
    // Over TCP; the clock stands still.
    flow::Outcome decode_message(std::uint16_t session, const std::string& octets) {
        return exporters.decode_message({as_octets(octets), router, now, session}, sink);
    }
    [[nodiscard]] const Counters& counters() const { return exporters.counters(); }

    Exporters exporters;
    Collected sink;
    UtcTime now = UtcTime::from_seconds(ipfix::testing::export_seconds);
    std::uint16_t port = 0;
};

}  // namespace octroi::exporter::testing
