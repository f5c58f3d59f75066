// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes the frames of the simulation, with the expected values of each frame.

#include <cstdint>
#include <string>
#include <vector>

#include "random.hpp"
#include "truth.hpp"
#include "wire/packet/testing/build.hpp"

namespace octroi::sim {

// The hosts. LAN hosts have IPv4, IPv6 and a MAC. Some bindings name the MACs of `stations`, so
// their traffic is never seen behind a router, where frames have the MAC of the router.
struct Population {
    struct Host {
        Address v4;
        Address v6;
        Mac mac;
    };
    std::vector<Host> routed;
    std::vector<Host> stations;
    std::vector<Host> outside;
    Mac gateway{{2, 0xee, 0, 0, 0, 1}};

    explicit Population(Random& random);
};

// A conversation of two hosts, which lasts for some time.
struct Conversation {
    Population::Host near;
    Population::Host far;
    bool v6 = false;
    std::uint8_t proto = 6;
    std::uint16_t near_port = 0;
    std::uint16_t far_port = 0;
    std::uint16_t vlan = 0;
    std::uint16_t inner_vlan = 0;
};

// The traffic that is visible at a place of the network.
struct Place {
    bool stations = false;  // hosts of the same Ethernet; false: only routed traffic
    bool vlans = false;
    bool disorder = true;  // the first fragment may be late or missing
    bool strange = true;   // ARP, LLDP, malformed headers, loopback, multicast
};

class Traffic {
public:
    Traffic(Random& random, const Population& population, Place place);

    // One datagram: one frame, or several if it is fragmented. All have the time `time`. The caller
    // sets interface and direction.
    [[nodiscard]] std::vector<Packet> datagram(UtcTime time);
    // A datagram of one conversation; outbound: sent by its near end.
    [[nodiscard]] std::vector<Packet> talk(const Conversation& c, UtcTime time, bool outbound);
    // An existing conversation, or a new one.
    [[nodiscard]] const Conversation& conversation();

private:
    [[nodiscard]] Conversation begin();
    [[nodiscard]] Packet whole(const Conversation& c, UtcTime time, bool outbound);
    [[nodiscard]] std::vector<Packet> fragments(const Conversation& c, UtcTime time, bool outbound);
    [[nodiscard]] Packet strange(UtcTime time);
    [[nodiscard]] Packet loopback_or_multicast(UtcTime time);
    [[nodiscard]] Packet head(const Conversation& c, UtcTime time, bool outbound,
                              packet::build::Frame& frame) const;

    Random* random_;
    const Population* population_;
    Place place_;
    std::vector<Conversation> conversations_;
    std::uint32_t next_datagram_ = 1;
};

// The services of the scenario, for the configuration and for the auditor.
[[nodiscard]] std::vector<std::pair<std::string, std::vector<std::string>>> service_rules();
[[nodiscard]] std::string service_of(std::uint8_t proto, std::uint16_t a, std::uint16_t b,
                                     std::uint8_t icmp_type);

}  // namespace octroi::sim
