// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The traffic that the simulated hosts really sent. It comes directly from the generator: no
// decoder, no flow table and no attribution is involved.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::sim {

enum class FrameKind : std::uint8_t { ip, non_ip, malformed, duplicate };
enum class Direction : std::uint8_t { unknown, in, out };
enum class Part : std::uint8_t { whole, first, later };

struct Sent {
    UtcTime time;
    FrameKind frame_kind = FrameKind::ip;
    Address src;
    Address dst;
    Mac src_mac;
    Mac dst_mac;
    std::uint16_t vlan = 0;
    Direction direction = Direction::unknown;
    std::string interface;      // where it was seen; empty: a file that does not state it
    std::string out_interface;  // of a forwarded packet: where it went out, and to which MAC
    Mac out_mac;
    std::string service;      // of a later fragment: that of its datagram
    std::uint64_t bytes = 0;  // to be counted: layer 3, or the frame if it is not IP
    std::uint32_t frame = 0;  // length on the wire
    Part part = Part::whole;
    std::uint32_t datagram = 0;  // identification, of fragments
    std::uint8_t proto = 0;
};

// A frame on the wire, with its expected values.
struct Packet {
    Sent sent;
    std::string octets;
};

// A model of a reader that sees packets in order. It knows the service of a later fragment only if
// it has seen the first fragment before, and not too long ago.
class FragmentMemory {
public:
    [[nodiscard]] std::string service_of(const Sent& sent) {
        if (sent.frame_kind == FrameKind::non_ip || sent.frame_kind == FrameKind::malformed)
            return sent.service;
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
    void clear() { firsts_.clear(); }

private:
    using Key = std::tuple<Address, Address, std::uint16_t, std::uint32_t, std::uint8_t>;
    std::map<Key, UtcTime> firsts_;
};

}  // namespace octroi::sim
