// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A process that sends Ethernet frames at an interface of a network namespace: packet(7), in groups
// of sendmmsg(2), past the queueing discipline.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace octroi::bench {

// A frame of 64 octets without its checksum of 4: IPv4, UDP without a checksum.
struct UdpEnds {
    std::uint32_t src = 0;
    std::uint32_t dst = 0;
    std::uint16_t src_port = 0;
    std::uint16_t dst_port = 0;
};
[[nodiscard]] std::string udp_frame(const std::string& to_mac, const UdpEnds& ends);

// A TCP segment without data, of 10.64.0.2 to port 80.
enum class TcpFlag : std::uint8_t { syn = 0x02, rst = 0x04 };
[[nodiscard]] std::string tcp_frame(const std::string& to_mac, TcpFlag flag);

// Frames of three flows of each host, each flow with another far end, in random order (the same in
// each run).
[[nodiscard]] std::vector<std::string> host_frames(const std::string& to_mac,
                                                   const std::vector<std::uint32_t>& hosts);

struct FrameLoad {
    std::string space;
    std::string link = "eth0";
    std::vector<std::string> frames;  // sent in turn
    std::uint64_t packets = 0;
    double rate = 0;  // packets a second; 0: as many as possible
    // The frames belong to one flow, and each time they are sent they belong to another one: its
    // port and far end count up, over all loads of this process.
    bool new_flows = false;
    std::uint32_t first_flow = 0;  // set by send_frames()
};

struct SentFrames {
    std::uint64_t packets = 0;
    double seconds = 0;
    // Of processor 0: of the sender, with what the kernel did for its packets (softirqs), also in
    // ksoftirqd.
    double cpu_seconds = 0;
};
// The sender runs on processor 0. Nothing: it failed.
[[nodiscard]] std::optional<SentFrames> send_frames(const FrameLoad& load);

}  // namespace octroi::bench
