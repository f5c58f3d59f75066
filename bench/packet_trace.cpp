// SPDX-License-Identifier: GPL-3.0-or-later
#include "packet_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/hash.hpp"

namespace octroi::bench {
namespace {

// 30 s before a multiple of five minutes.
constexpr std::uint64_t start_us = (1'700'000'100ULL - 30) * 1'000'000;
constexpr std::uint64_t packet_distance_us = 6;

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += mix_a;
        return mix(state_ ^ mix_b, state_ | 1U);
    }
    std::uint64_t below(std::uint64_t limit) {
        return static_cast<std::uint64_t>((static_cast<Uint128>(next()) * limit) >> 64U);
    }

private:
    std::uint64_t state_;
};

// A frame up to the end of the transport header. Everything except the lengths depends on its flow
// only.
struct Frame {
    std::array<std::uint8_t, 128> octets{};
    std::size_t ip_at = 14;
    bool v6 = false;
    std::size_t headers = 0;  // IP and transport

    void be16(std::size_t at, std::uint64_t value) {
        octets[at] = static_cast<std::uint8_t>(value >> 8U);
        octets[at + 1] = static_cast<std::uint8_t>(value);
    }
};

// The ends: a local host (10.0.0.0/8, 2001:db8:1::/48) and an outside host, in either direction.
struct Ends {
    std::uint32_t host = 0;
    std::uint64_t far = 0;
    bool outgoing = true;
};

void write_ip(Frame& f, const Ends& ends, std::uint8_t proto) {
    std::uint8_t* const ip = f.octets.data() + f.ip_at;
    const std::size_t width = f.v6 ? 16 : 4;
    std::uint8_t* near = ip + (f.v6 ? 8 : 12);
    std::uint8_t* far = near + width;
    if (!ends.outgoing) std::swap(near, far);
    if (f.v6) {
        ip[0] = 0x60;
        ip[6] = proto == 1 ? 58 : proto;
        ip[7] = 64;
        constexpr std::array<std::uint8_t, 8> ours = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2};
        constexpr std::array<std::uint8_t, 8> theirs = {0x2a, 0x00, 0x14, 0x50, 0, 0, 0, 0};
        std::memcpy(near, ours.data(), 8);
        std::memcpy(near + 12, &ends.host, 4);
        std::memcpy(far, theirs.data(), 8);
        std::memcpy(far + 8, &ends.far, 8);
        return;
    }
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = proto;
    near[0] = 10;
    std::memcpy(near + 1, &ends.host, 3);
    std::memcpy(far, &ends.far, 4);
    far[0] = static_cast<std::uint8_t>(20 + far[0] % 80);
}

Frame frame_of(std::uint64_t flow, std::uint32_t hosts, std::uint64_t seed) {
    Random random(mix(flow + 1, seed ^ mix_c));
    Frame f;
    const std::uint64_t kind = random.below(100);
    const std::uint8_t proto = kind < 75 ? 6 : kind < 95 ? 17 : 1;
    f.v6 = random.below(100) < 30;
    const bool vlan = random.below(100) < 20;
    const std::uint64_t macs = random.next() & 0xffff'ffff'fffe'fffeU;
    std::memcpy(f.octets.data(), &macs, 6);
    std::memcpy(f.octets.data() + 6, &macs, 6);
    f.octets[11] = 7;
    f.ip_at = vlan ? 18 : 14;
    if (vlan) {
        f.be16(12, 0x8100);
        f.be16(14, 100 + random.below(8));
    }
    f.be16(f.ip_at - 2, f.v6 ? 0x86dd : 0x0800);
    const Ends ends{static_cast<std::uint32_t>(random.below(hosts)), random.next(),
                    random.below(2) == 0};
    write_ip(f, ends, proto);
    const std::size_t transport = f.ip_at + (f.v6 ? 40U : 20U);
    if (proto == 1) {
        f.octets[transport] = f.v6 ? 128 : 8;
    } else {
        const std::size_t near = ends.outgoing ? 0 : 2;
        f.be16(transport + near, 1024 + random.below(64'000));
        f.be16(transport + 2 - near, random.below(10) < 7 ? 443 : random.below(65'536));
    }
    if (proto == 6) {
        f.octets[transport + 12] = 0x50;
        f.octets[transport + 13] = 0x10;
    }
    f.headers = (f.v6 ? 40U : 20U) + (proto == 6 ? 20U : 8U);
    return f;
}

std::size_t ip_length(const Frame& f, Random& random) {
    const std::uint64_t kind = random.below(100);
    if (kind < 45) return f.headers + 6 + random.below(26);
    if (kind < 60) return 200 + random.below(1000);
    return 1500;
}

// Writes one pcap record to `at`; returns its length.
std::size_t write_record(std::byte* at, Frame& f, std::size_t length, std::uint64_t time_us,
                         std::uint32_t snap_length) {
    f.be16(f.ip_at + (f.v6 ? 4 : 2), f.v6 ? length - 40 : length);
    const auto wire = static_cast<std::uint32_t>(std::max<std::size_t>(60, f.ip_at + length));
    const std::uint32_t captured = std::min(wire, snap_length);
    const std::array<std::uint32_t, 4> header = {static_cast<std::uint32_t>(time_us / 1'000'000),
                                                 static_cast<std::uint32_t>(time_us % 1'000'000),
                                                 captured, wire};
    std::memcpy(at, header.data(), sizeof header);
    std::memcpy(at + sizeof header, f.octets.data(), captured);
    return sizeof header + captured;
}

using Handle = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

}  // namespace

Result<TraceSums> make_trace(const std::string& path, const TraceOptions& options) {
    const std::uint32_t snap = std::min<std::uint32_t>(options.snap_length, 128);
    const bool there = std::filesystem::exists(path);
    const std::string beside = path + ".new";
    Handle file(there ? nullptr : std::fopen(beside.c_str(), "wb"), &std::fclose);
    if (!there && !file) return fail(ErrorCode::failed, "cannot create " + beside);
    const std::array<std::uint32_t, 6> head = {0xa1b2c3d4, 0x0004'0002, 0, 0, snap, 1};
    if (file) std::fwrite(head.data(), sizeof head, 1, file.get());

    std::vector<Frame> frames;
    frames.reserve(options.flows);
    const std::uint32_t hosts = std::max(50U, options.flows / 50);
    for (std::uint32_t i = 0; i < options.flows; ++i)
        frames.push_back(frame_of(i, hosts, options.seed));
    Random random(options.seed);
    TraceSums sums;
    std::array<std::byte, 256> record{};
    for (std::uint64_t i = 0; i < options.packets; ++i) {
        Frame& f = frames[random.below(options.flows)];
        const std::size_t length = ip_length(f, random);
        sums.packets += 1;
        sums.ip_bytes += length;
        sums.frame_bytes += std::max<std::size_t>(60, f.ip_at + length);
        if (!file) continue;
        const std::size_t size =
            write_record(record.data(), f, length, start_us + i * packet_distance_us, snap);
        if (std::fwrite(record.data(), size, 1, file.get()) != 1)
            return fail(ErrorCode::no_space, "cannot write " + beside);
    }
    if (file) {
        if (std::fflush(file.get()) != 0)
            return fail(ErrorCode::no_space, "cannot write " + beside);
        std::filesystem::rename(beside, path);
    }
    return sums;
}

}  // namespace octroi::bench
