// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes the frames of the world, and says what each one truly is.

#include <cstdint>
#include <string>
#include <vector>

#include "random.hpp"
#include "truth.hpp"
#include "wire/packet/build.hpp"

namespace octroi::sim {

// Who is there. LAN hosts have IPv4, IPv6 and a MAC; those of `stations` are known by their MAC to
// some bindings and so are never seen through a router, which has a MAC of its own.
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

// Some talk between two hosts, which goes on for a while.
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

// What a place in the network sees.
struct Place {
    bool stations = false;  // hosts of the same Ethernet; else only what is routed
    bool vlans = false;
    bool disorder = true;  // the first fragment comes late, or never
    bool strange = true;   // ARP, LLDP, malformed headers, loopback, multicast
};

class Traffic {
public:
    Traffic(Random& random, const Population& population, Place place);

    // One datagram: one frame, or some where it is fragmented. Times are `time`; interface and way
    // are left to whoever knows where it is seen.
    [[nodiscard]] std::vector<Packet> datagram(UtcTime time);
    // Of one conversation; outbound: from its near end.
    [[nodiscard]] std::vector<Packet> talk(const Conversation& c, UtcTime time, bool outbound);
    // One that goes on, or begins.
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

// The scenario's services, as the configuration has them and as the auditor knows them.
[[nodiscard]] std::vector<std::pair<std::string, std::vector<std::string>>> service_rules();
[[nodiscard]] std::string service_of(std::uint8_t proto, std::uint16_t a, std::uint16_t b,
                                     std::uint8_t icmp_type);

}  // namespace octroi::sim
