// SPDX-License-Identifier: GPL-3.0-or-later
#include "event_floor.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

namespace octroi::bench {
namespace {

void count_messages(const std::byte* message, std::size_t octets, EventCounts& counts) {
    constexpr unsigned type_delete = NFNL_SUBSYS_CTNETLINK << 8U | IPCTNL_MSG_CT_DELETE;
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= octets;) {
        const auto* header = reinterpret_cast<const nlmsghdr*>(message + at);
        if (header->nlmsg_len < sizeof(nlmsghdr)) return;
        if (header->nlmsg_type == type_delete) ++counts.events;
        at += NLMSG_ALIGN(header->nlmsg_len);
    }
}

// With a large buffer, events are left to gather for a while: that costs fewer wake-ups.
void receive_all(int socket, bool gathers, EventCounts& counts) {
    constexpr std::size_t at_once = 64;
    constexpr std::size_t message_octets = 8192;
    std::vector<std::byte> buffer(at_once * message_octets);
    std::array<iovec, at_once> parts{};
    std::array<mmsghdr, at_once> headers{};
    for (std::size_t i = 0; i < at_once; ++i) {
        parts[i] = {buffer.data() + i * message_octets, message_octets};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        const int got = ::recvmmsg(socket, headers.data(), at_once, MSG_DONTWAIT, nullptr);
        for (int i = 0; i < got; ++i) {
            const auto at = static_cast<std::size_t>(i);
            count_messages(buffer.data() + at * message_octets, headers[at].msg_len, counts);
        }
        if (got > 0) continue;
        if (errno == ENOBUFS) {
            ++counts.overruns;
            continue;
        }
        pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
        constexpr int limit_ms = 200;
        if (::poll(&wait, 1, limit_ms) == 0 && floor_stopped != 0) return;
        constexpr timespec gathering{0, 20'000'000};
        if (gathers) ::nanosleep(&gathering, nullptr);
    }
}

std::optional<EventCounts> receive(int buffer_octets, const std::function<void()>& ready) {
    const int socket = ::socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    const int group = NFNLGRP_CONNTRACK_DESTROY;
    if (buffer_octets > 0 &&
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_octets, sizeof buffer_octets) != 0)
        return std::nullopt;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        ::setsockopt(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
        return std::nullopt;
    ready();
    EventCounts counts;
    receive_all(socket, buffer_octets > 0, counts);
    return counts;
}

}  // namespace

std::unique_ptr<EventFloor> start_event_floor(const std::string& space, int buffer_octets,
                                              int processor) {
    return std::make_unique<EventFloor>(space, processor, [&](const std::function<void()>& ready) {
        return receive(buffer_octets, ready);
    });
}

}  // namespace octroi::bench
