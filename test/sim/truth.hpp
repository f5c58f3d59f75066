// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the simulated world truly sent, as it knows it by itself: no decoder, no flow table, no
// attribution has touched it.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::sim {

enum class Nature : std::uint8_t { ip, non_ip, malformed, duplicate };
enum class Way : std::uint8_t { unknown, in, out };
enum class Part : std::uint8_t { whole, first, later };

struct Sent {
    UtcTime time;
    Nature nature = Nature::ip;
    Address src;
    Address dst;
    Mac src_mac;
    Mac dst_mac;
    std::uint16_t vlan = 0;
    Way way = Way::unknown;
    std::string interface;    // where it was seen; empty: a file that does not say
    std::string service;      // of a later fragment: that of its datagram
    std::uint64_t bytes = 0;  // what is to be counted: layer 3, or the frame where there is no IP
    std::uint32_t frame = 0;  // its length on the wire
    Part part = Part::whole;
    std::uint32_t datagram = 0;  // identification, of fragments
    std::uint8_t proto = 0;
};

// A frame as it stands on the wire, with its truth.
struct Packet {
    Sent sent;
    std::string octets;
};

// One who looks at packets in their order, and can say of a later fragment what it belongs to only
// when the first one came by before, and not long ago.
class FragmentMemory {
public:
    [[nodiscard]] std::string service_of(const Sent& sent) {
        if (sent.nature == Nature::non_ip || sent.nature == Nature::malformed) return sent.service;
        const bool v4 = sent.src.family == Family::v4;
        const Key key{sent.src, sent.dst, sent.vlan, sent.datagram, v4 ? sent.proto : 0};
        if (sent.part == Part::first) firsts_[key] = sent.time;
        if (sent.part != Part::later) return sent.service;
        const auto first = firsts_.find(key);
        if (first == firsts_.end()) return "fragment";
        const Duration age = sent.time - first->second;
        const bool fits = age <= Duration::seconds(60) && age >= Duration::seconds(-60);
        return fits ? sent.service : "fragment";
    }
    void forget() { firsts_.clear(); }

private:
    using Key = std::tuple<Address, Address, std::uint16_t, std::uint32_t, std::uint8_t>;
    std::map<Key, UtcTime> firsts_;
};

}  // namespace octroi::sim
