// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What nftables counts in the router: in a table of the test, in front of and behind the meters.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "promises.hpp"
#include "support/network.hpp"

namespace octroi::all_meters {

using support::Network;

// Of the host: it sends (up) and receives (down).
struct Octets {
    std::uint64_t up = 0;
    std::uint64_t down = 0;

    bool operator==(const Octets&) const = default;
};

// Counters of nftables by name: "wire_up", "forwarded_down" …
class Truth {
public:
    // Adds the counters to the router of the network, and a rule that logs what it forwards to
    // group 5 of the packet log. Connections are tracked from then on. lan: the interface to the
    // host.
    static void add_counters(const Network& network, const std::string& lan);
    // The counters at this moment.
    [[nodiscard]] static Truth read(const Network& network);
    // The growth since an earlier moment.
    [[nodiscard]] Truth since(const Truth& earlier) const;

    [[nodiscard]] Octets octets(Against against) const;
    // How far the octets of a meter may differ.
    [[nodiscard]] Octets bound(NatBound bound, bool with_nat) const;

    bool operator==(const Truth&) const = default;

private:
    struct Count {
        std::uint64_t octets = 0;
        std::uint64_t packets = 0;

        bool operator==(const Count&) const = default;
    };
    // Without Ethernet headers.
    [[nodiscard]] static std::uint64_t packet_octets(const Count& frames);
    [[nodiscard]] Count count(const std::string& name) const;

    std::map<std::string, Count> counts_;
};

}  // namespace octroi::all_meters
