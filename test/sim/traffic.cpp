// SPDX-License-Identifier: GPL-3.0-or-later
#include "traffic.hpp"

#include <algorithm>
#include <utility>

namespace octroi::sim {
namespace {

using packet::build::Frame;

constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t gre = 47;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t experiment = 253;

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t vlan_tag = 4;
constexpr std::size_t v4_header = 20;
constexpr std::size_t v6_header = 40;
constexpr std::size_t fragment_header = 8;

Address v6_of(std::uint16_t net, std::uint32_t host) {
    std::array<std::uint8_t, 16> o{0x20, 0x01, 0x0d, 0xb8};
    o[4] = static_cast<std::uint8_t>(net >> 8U);
    o[5] = static_cast<std::uint8_t>(net);
    o[14] = static_cast<std::uint8_t>(host >> 8U);
    o[15] = static_cast<std::uint8_t>(host);
    return Address::v6(o.data());
}

std::size_t transport_header(std::uint8_t proto) {
    return proto == tcp ? 20 : proto == udp || proto == icmp || proto == icmpv6 ? 8 : 0;
}

bool is_port_of(std::uint16_t port, std::initializer_list<std::uint16_t> ports) {
    return std::find(ports.begin(), ports.end(), port) != ports.end();
}

}  // namespace

Population::Population(Random& random) {
    const auto host = [&](std::uint32_t v4, std::uint16_t net, std::uint32_t number,
                          std::uint8_t kind) {
        return Host{Address::v4(v4), v6_of(net, number),
                    Mac{{2, kind, 0, 0, static_cast<std::uint8_t>(number >> 8U),
                         static_cast<std::uint8_t>(number)}}};
    };
    for (std::uint32_t i = 1; i <= 12; ++i) {
        const auto subnet = static_cast<std::uint32_t>(random.below(4));
        routed.push_back(host(0x0a010000U + (subnet << 8U) + i, 0x100, i, 1));
    }
    for (std::uint32_t i = 1; i <= 8; ++i) {
        const auto subnet = static_cast<std::uint32_t>(random.below(3));
        stations.push_back(host(0x0a020000U + (subnet << 8U) + i, 0x200, i, 2));
    }
    for (std::uint32_t i = 1; i <= 16; ++i) {
        const std::uint32_t net = i % 3 == 0 ? 0xc6336400U : i % 3 == 1 ? 0xcb007100U : 0xc0000200U;
        const auto number = static_cast<std::uint32_t>(random.below(250));
        outside.push_back(host(net + number, static_cast<std::uint16_t>(0xf00 + i % 4), number, 3));
    }
}

std::vector<std::pair<std::string, std::vector<std::string>>> service_rules() {
    return {{"web", {"tcp/80,443,8000-8010"}}, {"quic", {"udp/443", "udp/80,8000:8010"}},
            {"dns", {"udp/53", "tcp/53"}},     {"ping", {"icmp/8,0", "icmpv6/128,129"}},
            {"control", {"icmp", "icmpv6"}},   {"tunnel", {"gre"}}};
}

// The service rules above, applied by hand in the same order. Other ports have no name.
std::string service_of(std::uint8_t proto, std::uint16_t a, std::uint16_t b, std::uint8_t type) {
    const auto either = [&](std::initializer_list<std::uint16_t> ports) {
        return is_port_of(a, ports) || is_port_of(b, ports);
    };
    if (proto == tcp && either({80, 443, 8000, 8005, 8010})) return "web";
    if (proto == udp && either({80, 443, 8000, 8005, 8010})) return "quic";
    if ((proto == udp || proto == tcp) && either({53})) return "dns";
    if (proto == icmp) return type == 8 || type == 0 ? "ping" : "control";
    if (proto == icmpv6) return type == 128 || type == 129 ? "ping" : "control";
    if (proto == gre) return "tunnel";
    return proto == tcp ? "tcp" : proto == udp ? "udp" : "proto/" + std::to_string(proto);
}

Traffic::Traffic(Random& random, const Population& population, Place place)
    : random_(&random), population_(&population), place_(place) {
    for (int i = 0; i < 40; ++i) conversations_.push_back(begin());
    next_datagram_ = static_cast<std::uint32_t>(random.below(60'000));
}

Conversation Traffic::begin() {
    Random& r = *random_;
    Conversation c;
    const auto& locals =
        place_.stations && r.chance(70) ? population_->stations : population_->routed;
    c.near = r.pick(locals);
    c.far = r.chance(place_.stations ? 25 : 0) ? r.pick(population_->stations)
                                               : r.pick(population_->outside);
    c.v6 = r.chance(35);
    const auto kind = r.below(10);
    c.proto = kind < 5 ? tcp : kind < 8 ? udp : kind < 9 ? (c.v6 ? icmpv6 : icmp) : gre;
    if (r.one_in(20)) c.proto = experiment;
    c.near_port = static_cast<std::uint16_t>(r.between(52'000, 59'000));
    const std::vector<std::uint16_t> known{80, 443, 8000, 8005, 8010, 8011, 53, 52'777};
    c.far_port = r.pick(known);
    if (place_.vlans && r.chance(40)) {
        c.vlan = static_cast<std::uint16_t>(r.between(10, 14));
        if (r.chance(20)) c.inner_vlan = static_cast<std::uint16_t>(r.between(10, 14));
    }
    return c;
}

std::vector<Packet> Traffic::datagram(UtcTime time) {
    if (place_.strange && random_->chance(6)) return {strange(time)};
    if (place_.strange && random_->chance(3)) return {loopback_or_multicast(time)};
    return talk(conversation(), time, random_->chance(50));
}

const Conversation& Traffic::conversation() {
    Conversation& c = random_->pick(conversations_);
    if (random_->chance(4)) c = begin();
    return c;
}

std::vector<Packet> Traffic::talk(const Conversation& c, UtcTime time, bool outbound) {
    if (c.proto == udp && random_->chance(15)) return fragments(c, time, outbound);
    return {whole(c, time, outbound)};
}

// Writes Ethernet header and tags, and the expected values except bytes, frame and service.
Packet Traffic::head(const Conversation& c, UtcTime time, bool outbound, Frame& frame) const {
    const auto& from = outbound ? c.near : c.far;
    const auto& to = outbound ? c.far : c.near;
    Packet p;
    p.sent.time = time;
    p.sent.src = c.v6 ? from.v6 : from.v4;
    p.sent.dst = c.v6 ? to.v6 : to.v4;
    p.sent.src_mac = from.mac;
    p.sent.dst_mac = to.mac;
    p.sent.vlan = c.vlan;
    p.sent.proto = c.proto;
    frame.ethernet(to.mac, from.mac);
    if (c.inner_vlan != 0) frame.vlan(c.vlan, 0x88a8).vlan(c.inner_vlan);
    if (c.vlan != 0 && c.inner_vlan == 0) frame.vlan(c.vlan);
    return p;
}

Packet Traffic::whole(const Conversation& c, UtcTime time, bool outbound) {
    Random& r = *random_;
    Frame frame;
    Packet p = head(c, time, outbound, frame);
    const std::uint16_t sport = outbound ? c.near_port : c.far_port;
    const std::uint16_t dport = outbound ? c.far_port : c.near_port;
    // Never empty: an IPv6 header without payload looks like segmentation offload.
    const auto payload = 1 + static_cast<std::size_t>(r.one_in(3) ? r.below(1400) : r.below(60));
    std::size_t options = 0;
    // As with segmentation offload: the header has no length, the length of the frame counts.
    const bool without_length = r.one_in(40);
    if (c.v6) {
        frame.ipv6({.src = p.sent.src, .dst = p.sent.dst, .without_length = without_length});
        if (r.one_in(10)) {
            frame.extension(60, "\x01\x04\x00\x00\x00\x00");
            options = 8;
        }
    } else {
        options = r.one_in(10) ? 8 : 0;
        frame.ipv4({.src = p.sent.src,
                    .dst = p.sent.dst,
                    .options = std::string_view("\x01\x01\x01\x01\x01\x01\x01\x00", options),
                    .without_length = without_length});
    }
    std::uint8_t type = 0;
    if (c.proto == tcp) frame.tcp(sport, dport, 0x18);
    if (c.proto == udp) frame.udp(sport, dport);
    // One ICMP type per conversation, because the type is a part of the flow key.
    if (c.proto == icmp) frame.icmp(type = c.near_port % 3 == 0 ? 3 : outbound ? 8 : 0, 0);
    if (c.proto == icmpv6) frame.icmpv6(type = c.near_port % 3 == 0 ? 1 : outbound ? 128 : 129, 0);
    if (transport_header(c.proto) == 0) frame.protocol(c.proto);
    frame.payload(payload);
    if (!without_length) frame.padded_to(60);
    p.octets = frame.octets();
    p.sent.frame = static_cast<std::uint32_t>(p.octets.size());
    p.sent.bytes = (c.v6 ? v6_header : v4_header) + options + transport_header(c.proto) + payload;
    p.sent.service = service_of(c.proto, sport, dport, type);
    return p;
}

std::vector<Packet> Traffic::fragments(const Conversation& c, UtcTime time, bool outbound) {
    Random& r = *random_;
    const std::uint32_t id = next_datagram_ = (next_datagram_ + 1) % 65'536;
    const std::uint16_t sport = outbound ? c.near_port : c.far_port;
    const std::uint16_t dport = outbound ? c.far_port : c.near_port;
    const auto parts = static_cast<std::size_t>(r.between(2, 4));
    std::vector<Packet> all;
    for (std::size_t i = 0; i < parts; ++i) {
        Frame frame;
        Packet p = head(c, time, outbound, frame);
        const bool more = i + 1 < parts;
        const std::size_t size = more ? 800 : 8 + r.below(700);  // after the IP header
        const auto offset = static_cast<std::uint16_t>(i * 100);
        if (c.v6)
            frame.ipv6({.src = p.sent.src, .dst = p.sent.dst}).fragment(offset, more, id);
        else
            frame.ipv4({.src = p.sent.src,
                        .dst = p.sent.dst,
                        .id = static_cast<std::uint16_t>(id),
                        .fragment_offset = offset,
                        .more_fragments = more});
        if (i == 0)
            frame.udp(sport, dport).payload(size - 8);
        else
            frame.protocol(udp).payload(size);
        p.octets = frame.octets();
        p.sent.frame = static_cast<std::uint32_t>(p.octets.size());
        p.sent.bytes = (c.v6 ? v6_header + fragment_header : v4_header) + size;
        p.sent.service = service_of(udp, sport, dport, 0);
        p.sent.part = i == 0 ? Part::first : Part::later;
        p.sent.datagram = id;
        all.push_back(std::move(p));
    }
    if (place_.disorder && r.one_in(6))
        std::swap(all.front(), all.back());                      // the first fragment comes late
    if (place_.disorder && r.one_in(8)) all.erase(all.begin());  // or is missing
    return all;
}

// Frames that cannot be charged to an account.
Packet Traffic::strange(UtcTime time) {
    Random& r = *random_;
    Conversation c = r.pick(conversations_);
    c.v6 = false;
    c.inner_vlan = 0;
    Frame frame;
    Packet p = head(c, time, true, frame);
    const auto kind = r.below(4);
    if (kind < 2) {
        frame.type(kind == 0 ? 0x0806 : 0x88cc).payload(46);
        p.sent.frame_kind = FrameKind::non_ip;
        p.sent.service = kind == 0 ? "ethertype/arp" : "ethertype/0x88cc";
        p.octets = frame.octets();
    } else {
        frame.ipv4({.src = p.sent.src, .dst = p.sent.dst}).udp(53, 53).payload(r.below(200));
        p.octets = frame.octets();
        const std::size_t ip = ethernet_header + (c.vlan != 0 ? vlan_tag : 0);
        // A header with an impossible length, or a frame that ends within its header.
        if (kind == 2) p.octets[ip] = '\x43';
        if (kind == 3) p.octets.resize(ip + 12);
        p.sent.frame_kind = FrameKind::malformed;
        p.sent.service = "malformed";
    }
    p.sent.frame = static_cast<std::uint32_t>(p.octets.size());
    p.sent.bytes = p.sent.frame;
    return p;
}

Packet Traffic::loopback_or_multicast(UtcTime time) {
    Random& r = *random_;
    Conversation c = r.pick(conversations_);
    c.v6 = r.chance(40);
    c.proto = udp;
    const auto kind = r.below(3);
    if (kind == 0) {
        c.far.v4 = Address::v4(0x7f000001U);
        c.far.v6 = *parse_address("::1");
    } else {
        c.far.v4 = Address::v4(kind == 1 ? 0xe00000fbU : 0xffffffffU);
        c.far.v6 = *parse_address("ff02::fb");
        // A host without an address. Its MAC has no binding, because many hosts use this address.
        if (r.one_in(4)) c.near = {Address::v4(0U), *parse_address("::"), population_->gateway};
    }
    return whole(c, time, true);
}

}  // namespace octroi::sim
