// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Writes sFlow datagrams, for tests and for the corpus of the fuzz target:
//
//     Datagram(agent).flow_sample({.rate = 512}, {raw_header(frame), extended_switch(7, 8)})

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi::sflow::testing {

// A structure with its format, or a sample with its own.
struct Part {
    std::uint32_t format = 0;
    std::string content;
};

inline std::string opaque(std::string_view octets) {
    ByteWriter w;
    w.text(octets);
    w.raw(std::string((4 - octets.size() % 4) % 4, '\0'));
    return w.drain();
}

inline std::string address(const Address& a) {
    ByteWriter w;
    w.be32(a.family == Family::v4 ? 1 : a.family == Family::v6 ? 2 : 0);
    for (int i = 0; i < a.bits() / 8; ++i) w.u8(a.octets[static_cast<std::size_t>(i)]);
    return w.drain();
}

inline std::string words(std::initializer_list<std::uint32_t> values) {
    ByteWriter w;
    for (const std::uint32_t value : values) w.be32(value);
    return w.drain();
}

inline std::string parts(std::span<const Part> all) {
    ByteWriter w;
    w.be32(static_cast<std::uint32_t>(all.size()));
    for (const Part& part : all) {
        w.be32(part.format);
        w.raw(opaque(part.content));
    }
    return w.drain();
}

// protocol: 1 Ethernet, 7 PPP, 11 IPv4, 12 IPv6.
inline Part raw_header(std::string_view frame, std::uint32_t protocol = 1,
                       std::uint32_t frame_length = 0, std::uint32_t stripped = 0) {
    if (frame_length == 0) frame_length = static_cast<std::uint32_t>(frame.size());
    return {1, words({protocol, frame_length, stripped}) + opaque(frame)};
}

inline Part sampled_ipv4(std::uint32_t length, std::uint32_t proto, const Address& src,
                         const Address& dst, std::uint32_t sport, std::uint32_t dport) {
    return {3, words({length, proto}) + address(src).substr(4) + address(dst).substr(4) +
                   words({sport, dport, 0x12, 0x20})};
}

inline Part sampled_ipv6(std::uint32_t length, std::uint32_t proto, const Address& src,
                         const Address& dst, std::uint32_t sport, std::uint32_t dport) {
    return {4, words({length, proto}) + address(src).substr(4) + address(dst).substr(4) +
                   words({sport, dport, 0x12, 0x20})};
}

inline std::string mac(const Mac& m) {
    std::string out(8, '\0');
    for (std::size_t i = 0; i < m.octets.size(); ++i) out[i] = static_cast<char>(m.octets[i]);
    return out;
}

inline Part sampled_ethernet(std::uint32_t length, const Mac& src, const Mac& dst,
                             std::uint32_t type) {
    return {2, words({length}) + mac(src) + mac(dst) + words({type})};
}

inline Part extended_switch(std::uint32_t src_vlan, std::uint32_t dst_vlan) {
    return {1001, words({src_vlan, 0, dst_vlan, 0})};
}

inline Part extended_router(const Address& next_hop, std::uint32_t src_mask,
                            std::uint32_t dst_mask) {
    return {1002, address(next_hop) + words({src_mask, dst_mask})};
}

// One segment of the path; type 1 is a set, 2 a sequence.
inline Part extended_gateway(const Address& next_hop, std::uint32_t src_as,
                             std::uint32_t segment_type,
                             std::initializer_list<std::uint32_t> path) {
    const auto members = static_cast<std::uint32_t>(path.size());
    return {1003, address(next_hop) + words({64496, src_as, 64497, 1, segment_type, members}) +
                      words(path) + words({0, 100})};
}

inline Part extended_user(std::string_view source, std::string_view destination) {
    return {1004, words({106}) + opaque(source) + words({106}) + opaque(destination)};
}

inline Part extended_nat(const Address& src, const Address& dst) {
    return {1007, address(src) + address(dst)};
}

inline Part extended_nat_port(std::uint32_t src, std::uint32_t dst) {
    return {1020, words({src, dst})};
}

struct Sample {
    std::uint32_t sequence = 1;
    std::uint32_t source_type = 0;
    std::uint32_t source_index = 3;
    std::uint32_t rate = 256;
    std::uint32_t pool = 1000;
    std::uint32_t drops = 0;
    std::uint32_t in_format = 0;
    std::uint32_t in_value = 3;
    std::uint32_t out_format = 0;
    std::uint32_t out_value = 4;
};

class Datagram {
public:
    explicit Datagram(const Address& agent) : agent_(agent) {}
    std::uint32_t sub_agent = 0;
    std::uint32_t sequence = 1;
    std::uint32_t uptime_ms = 60'000;

    Datagram& flow_sample(const Sample& s, std::initializer_list<Part> records) {
        return part(
            1, words({s.sequence, s.source_type << 24U | s.source_index, s.rate, s.pool, s.drops,
                      s.in_format << 30U | s.in_value, s.out_format << 30U | s.out_value}) +
                   parts(records));
    }
    Datagram& expanded_sample(const Sample& s, std::initializer_list<Part> records) {
        return part(3, words({s.sequence, s.source_type, s.source_index, s.rate, s.pool, s.drops,
                              s.in_format, s.in_value, s.out_format, s.out_value}) +
                           parts(records));
    }
    Datagram& counter_sample(std::uint32_t number, std::uint32_t index) {
        return part(2, words({number, index, 0}));
    }
    Datagram& part(std::uint32_t format, std::string content) {
        samples_.push_back({format, std::move(content)});
        return *this;
    }
    [[nodiscard]] std::string octets() const {
        return words({5}) + address(agent_) + words({sub_agent, sequence, uptime_ms}) +
               parts(samples_);
    }

private:
    Address agent_;
    std::vector<Part> samples_;
};

}  // namespace octroi::sflow::testing
