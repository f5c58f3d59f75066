// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_sender.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/narrow.hpp"
#include "programs.hpp"
#include "sender.hpp"

namespace octroi::bench {
namespace {

constexpr std::size_t frame_octets = 60;
constexpr std::size_t ip_at = 14;
constexpr std::size_t src_at = ip_at + 12;
constexpr std::size_t dst_at = ip_at + 16;
constexpr std::size_t ports_at = ip_at + 20;
constexpr std::size_t at_once = 32;
constexpr int processor = 0;

void put16(std::string& frame, std::size_t at, std::uint16_t value) {
    const std::uint16_t net = htons(value);
    std::memcpy(frame.data() + at, &net, sizeof net);
}
void put32(std::string& frame, std::size_t at, std::uint32_t value) {
    const std::uint32_t net = htonl(value);
    std::memcpy(frame.data() + at, &net, sizeof net);
}

void put_ip_checksum(std::string& frame) {
    constexpr std::size_t checksum_at = ip_at + 10;
    put16(frame, checksum_at, 0);
    std::uint32_t sum = 0;
    for (std::size_t at = ip_at; at < ip_at + 20; at += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, frame.data() + at, sizeof word);
        sum += word;
    }
    while (sum >> 16U != 0) sum = (sum & 0xFFFFU) + (sum >> 16U);
    const auto checksum = static_cast<std::uint16_t>(~sum);
    std::memcpy(frame.data() + checksum_at, &checksum, sizeof checksum);
}

int socket_at(const FrameLoad& load) {
    const int space = ::open(("/run/netns/" + load.space).c_str(), O_RDONLY);
    if (space < 0 || ::setns(space, CLONE_NEWNET) != 0) return -1;
    const int socket = ::socket(AF_PACKET, SOCK_RAW, 0);  // 0: it receives nothing
    const int on = 1;
    if (::setsockopt(socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) return -1;
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_ifindex = narrow<int>(::if_nametoindex(load.link.c_str()));
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? socket : -1;
}

// CPU seconds of the thread of the kernel that runs softirqs when they are many.
class SoftirqThread {
public:
    SoftirqThread() {
        const std::string wanted = fmt::format("ksoftirqd/{}", processor);
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            std::string name;
            std::getline(std::ifstream(entry.path() / "comm"), name);
            if (name == wanted) path_ = entry.path() / "schedstat";
        }
    }
    [[nodiscard]] double seconds() const {
        std::uint64_t ns = 0;
        std::ifstream(path_) >> ns;
        return static_cast<double>(ns) * 1e-9;
    }

private:
    std::filesystem::path path_;
};

double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class FrameCycle {
public:
    explicit FrameCycle(const FrameLoad& load)
        : frames_(load.frames), new_flows_(load.new_flows), number_(load.first_flow) {}
    std::string& next() {
        std::string& frame = frames_[at_];
        at_ = (at_ + 1) % frames_.size();
        if (new_flows_) {
            put32(frame, dst_at, 0x14000000U + (number_ >> 16U));
            put16(frame, ports_at, static_cast<std::uint16_t>(number_));
            put_ip_checksum(frame);
            if (at_ == 0) ++number_;
        }
        return frame;
    }

private:
    std::vector<std::string> frames_;
    std::size_t at_ = 0;
    bool new_flows_ = false;
    std::uint32_t number_ = 0;
};

bool send_group(int socket, FrameCycle& frames, std::size_t count) {
    std::array<mmsghdr, at_once> headers{};
    std::array<iovec, at_once> parts{};
    for (std::size_t i = 0; i < count; ++i) {
        std::string& frame = frames.next();
        parts[i] = {frame.data(), frame.size()};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t sent = 0; sent < count;) {
        const int got = ::sendmmsg(socket, headers.data() + sent,
                                   static_cast<unsigned>(count - sent), MSG_DONTWAIT);
        // The interface has no place for more frames at the moment.
        if (got < 0 && errno != EAGAIN && errno != ENOBUFS) return false;
        if (got > 0) sent += static_cast<std::size_t>(got);
    }
    return true;
}

std::optional<SentFrames> send_all(const FrameLoad& load) {
    run_on(processor);
    run_before_others();
    const int socket = socket_at(load);
    if (socket < 0) return std::nullopt;
    FrameCycle frames(load);
    const SoftirqThread softirqs;
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const double cpu_before = thread_seconds() + softirqs.seconds();
    std::uint64_t sent = 0;
    while (sent < load.packets) {
        if (load.rate > 0) {
            const auto due =
                begin + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(static_cast<double>(sent) / load.rate));
            const auto now = Clock::now();
            if (due - now > std::chrono::microseconds(50)) {
                const timespec wait{0, std::min<long>((due - now).count(), 100'000'000)};
                ::nanosleep(&wait, nullptr);
                continue;
            }
        }
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(at_once, load.packets - sent));
        if (!send_group(socket, frames, count)) return std::nullopt;
        sent += count;
    }
    return SentFrames{sent, std::chrono::duration<double>(Clock::now() - begin).count(),
                      thread_seconds() + softirqs.seconds() - cpu_before};
}

std::uint32_t next_flow = 0;

}  // namespace

namespace {

std::string ip_frame(const std::string& to_mac, std::uint8_t protocol, std::size_t octets) {
    std::string frame(frame_octets, '\0');
    std::array<unsigned, 6> mac{};
    if (std::sscanf(to_mac.c_str(), "%x:%x:%x:%x:%x:%x", mac.data(), mac.data() + 1, mac.data() + 2,
                    mac.data() + 3, mac.data() + 4, mac.data() + 5) != 6)
        return {};
    for (std::size_t i = 0; i < mac.size(); ++i) frame[i] = static_cast<char>(mac[i]);
    frame[6] = 2;  // a locally administered address
    put16(frame, 12, ETHERTYPE_IP);
    frame[ip_at] = 0x45;
    put16(frame, ip_at + 2, static_cast<std::uint16_t>(octets));
    frame[ip_at + 8] = 64;  // time to live
    frame[ip_at + 9] = static_cast<char>(protocol);
    return frame;
}

}  // namespace

std::string tcp_frame(const std::string& to_mac, TcpFlag flag) {
    constexpr std::size_t header = 20;
    std::string frame = ip_frame(to_mac, IPPROTO_TCP, 2 * header);
    put32(frame, src_at, 0x0A400002);
    put16(frame, ports_at + 2, 80);
    put32(frame, ports_at + 4, flag == TcpFlag::syn ? 1 : 2);  // sequence number
    frame[ports_at + 12] = header / 4 << 4U;
    frame[ports_at + 13] = static_cast<char>(flag);
    put16(frame, ports_at + 14, 1024);  // window
    put_ip_checksum(frame);
    return frame;
}

std::string udp_frame(const std::string& to_mac, const UdpEnds& ends) {
    std::string frame = ip_frame(to_mac, IPPROTO_UDP, frame_octets - ip_at);
    put32(frame, src_at, ends.src);
    put32(frame, dst_at, ends.dst);
    put16(frame, ports_at, ends.src_port);
    put16(frame, ports_at + 2, ends.dst_port);
    put16(frame, ports_at + 4, frame_octets - ports_at);
    put_ip_checksum(frame);
    return frame;
}

std::vector<std::string> host_frames(const std::string& to_mac,
                                     const std::vector<std::uint32_t>& hosts) {
    constexpr std::uint32_t flows_of_host = 3;
    constexpr std::uint32_t far_first = 20U << 24U;  // 20.0.0.0
    constexpr std::uint32_t far_count = 80U << 24U;
    std::mt19937 random(1);
    std::vector<std::string> frames;
    for (const std::uint32_t host : hosts)
        for (std::uint32_t flow = 0; flow < flows_of_host; ++flow)
            frames.push_back(udp_frame(
                to_mac, {.src = host,
                         .dst = far_first + static_cast<std::uint32_t>(random() % far_count),
                         .src_port = static_cast<std::uint16_t>(1024 + random() % 60000),
                         .dst_port = static_cast<std::uint16_t>(flow == 0 ? 443 : 1024 + flow)}));
    std::shuffle(frames.begin(), frames.end(), random);
    return frames;
}

std::optional<SentFrames> send_frames(const FrameLoad& load) {
    FrameLoad own = load;
    own.first_flow = next_flow;
    next_flow += static_cast<std::uint32_t>(load.packets / load.frames.size());
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return std::nullopt;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto sent = send_all(own);
        const bool written = sent && ::write(pipe[1], &*sent, sizeof *sent) == sizeof *sent;
        ::_exit(written ? 0 : 1);
    }
    ::close(pipe[1]);
    SentFrames sent;
    const bool complete = ::read(pipe[0], &sent, sizeof sent) == sizeof sent;
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return complete ? std::optional(sent) : std::nullopt;
}

}  // namespace octroi::bench
