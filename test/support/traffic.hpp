// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Generated captures for tests of the whole program: many hosts, several buckets, both IP versions,
// made from a seed.

#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::support {

struct TrafficOptions {
    std::uint64_t seed = 1;
    std::uint64_t packets = 1000;
    std::uint32_t hosts = 50;  // local hosts
    std::uint32_t flows = 200;
    Duration length = Duration::minutes(17);
    std::uint32_t snap_length = 96;
};

struct Traffic {
    std::uint64_t bytes = 0;  // layer 3
    std::uint64_t packets = 0;
};

// Writes the capture and returns its true sums.
inline Traffic write_traffic(const std::string& path, const TrafficOptions& options) {
    std::mt19937_64 random(options.seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    struct Flow {
        std::string head;  // the frame without payload
        std::uint32_t octets = 0;
    };
    std::vector<Flow> flows;
    for (std::uint32_t i = 0; i < options.flows; ++i) {
        const auto local = static_cast<std::uint32_t>(below(options.hosts));
        const auto port = static_cast<std::uint16_t>(i % 3 == 0 ? 443 : 1024 + below(60000));
        const bool out = below(2) == 0;
        packet::build::Frame frame;
        frame.ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}});
        if (below(5) == 0) {
            packet::build::Ipv6 header;
            header.src = *parse_address("2001:db8::" + std::to_string(1 + below(200)));
            header.dst = *parse_address("fd00::" + std::to_string(1 + local % 9000));
            if (out) std::swap(header.src, header.dst);
            frame.ipv6(header).udp(port, 53);
        } else {
            packet::build::Ipv4 header;
            header.src = Address::v4(0x0A000000U + local + 1);
            header.dst = Address::v4(0xC6336400U + static_cast<std::uint32_t>(below(200)));
            if (!out) std::swap(header.src, header.dst);
            frame.ipv4(header).tcp(port, static_cast<std::uint16_t>(1024 + below(60000)), 0x10);
        }
        const auto payload = static_cast<std::size_t>(below(1400));
        frame.payload(payload);
        Flow flow{frame.octets(), 0};
        flow.octets = static_cast<std::uint32_t>(flow.head.size());
        flows.push_back(std::move(flow));
    }
    std::string file;
    pcap::PcapWriter writer(file, {.nanoseconds = true, .snap_length = options.snap_length});
    std::ofstream out(path, std::ios::binary);
    Traffic traffic;
    const UtcTime begin = UtcTime::from_seconds(1'767'225'600);  // 2026-01-01
    for (std::uint64_t i = 0; i < options.packets; ++i) {
        const Flow& flow = flows[below(flows.size())];
        const auto at = static_cast<std::int64_t>(
            i * static_cast<std::uint64_t>(options.length.ns) / options.packets);
        writer.frame(begin + Duration{at}, flow.head, flow.octets);
        traffic.bytes += flow.octets - 14;
        ++traffic.packets;
        if (file.size() < (1U << 20U)) continue;
        out << file;
        file.clear();
    }
    out << file;
    return traffic;
}

}  // namespace octroi::support
