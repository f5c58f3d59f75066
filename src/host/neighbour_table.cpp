// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/neighbour_table.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

static_assert(NUD_REACHABLE == static_cast<int>(NeighbourState::reachable));
static_assert(NUD_STALE == static_cast<int>(NeighbourState::stale));
static_assert(NUD_FAILED == static_cast<int>(NeighbourState::failed));
static_assert(NUD_PERMANENT == static_cast<int>(NeighbourState::permanent));

constexpr std::size_t reply_octets = std::size_t{64} * 1024;
// Of the socket for changes: some ten thousand of them.
constexpr int change_buffer_octets = 8 << 20;

Result<NetlinkSocket> open_route_socket(int flags) {
    NetlinkSocket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return os_failure("open a netlink socket for the neighbours");
    return socket;
}

Address address_in(const nlattr* attribute) {
    const auto* octets = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    switch (mnl_attr_get_payload_len(attribute)) {
        case 4:
            return Address::v4(octets);
        case 16:
            return Address::v6(octets);
        default:
            return {};
    }
}

Mac mac_in(const nlattr* attribute) {
    Mac mac;
    if (mnl_attr_get_payload_len(attribute) != mac.octets.size()) return mac;
    std::copy_n(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)),
                mac.octets.size(), mac.octets.begin());
    return mac;
}

// nullopt: of a bridge, a proxy, or without an address.
std::optional<NeighbourEntry> entry_of(const nlmsghdr* message) {
    const bool is_removed = message->nlmsg_type == RTM_DELNEIGH;
    if ((!is_removed && message->nlmsg_type != RTM_NEWNEIGH) ||
        mnl_nlmsg_get_payload_len(message) < sizeof(ndmsg))
        return std::nullopt;
    const auto* head = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
    const bool is_ip = head->ndm_family == AF_INET || head->ndm_family == AF_INET6;
    if (!is_ip || (head->ndm_flags & NTF_PROXY) != 0) return std::nullopt;
    NeighbourEntry entry;
    entry.interface = head->ndm_ifindex;
    entry.state = static_cast<NeighbourState>(head->ndm_state);
    entry.is_router = (head->ndm_flags & NTF_ROUTER) != 0;
    entry.is_removed = is_removed;
    each_attribute(message, sizeof(ndmsg), [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == NDA_DST) entry.address = address_in(attribute);
        if (mnl_attr_get_type(attribute) == NDA_LLADDR) entry.mac = mac_in(attribute);
    });
    if (entry.address.empty()) return std::nullopt;
    return entry;
}

struct NeighbourCall {
    NeighbourSource::Handler handler;
    void* context;
    int changes = 0;
};

int on_neighbour_message(const nlmsghdr* message, void* to) {
    auto& call = *static_cast<NeighbourCall*>(to);
    ++call.changes;
    if (const auto entry = entry_of(message)) call.handler(call.context, *entry);
    return MNL_CB_OK;
}

class NetlinkNeighbours final : public NeighbourSource {
public:
    explicit NetlinkNeighbours(NetlinkSocket changes) : changes_(std::move(changes)) {}

    Status list(Handler handler, void* context) override {
        TRY(list_family(AF_INET, handler, context));
        return list_family(AF_INET6, handler, context);
    }

    Result<bool> read(Handler handler, void* context) override {
        NeighbourCall call{handler, context};
        bool is_complete = true;
        // Bounded, so that the caller can do its other work. But after an overrun the kernel drops
        // changes without another notice until the socket is empty.
        constexpr int changes_after_overrun_max = 1 << 20;
        while (call.changes < (is_complete ? changes_of_a_read : changes_after_overrun_max)) {
            const ssize_t got = mnl_socket_recvfrom(changes_.get(), octets_.data(), octets_.size());
            if (got < 0 && errno == ENOBUFS) {
                is_complete = false;
                continue;
            }
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
            if (got < 0) return os_failure("read changes of neighbours");
            if (mnl_cb_run(octets_.data(), static_cast<std::size_t>(got), 0, 0,
                           on_neighbour_message, &call) < 0)
                return os_failure("read changes of neighbours");
        }
        return is_complete;
    }

    void wait(Duration wait) override {
        pollfd socket{mnl_socket_get_fd(changes_.get()), POLLIN, 0};
        const auto milliseconds = (std::max<std::int64_t>(wait.ns, 0) + 999'999) / 1'000'000;
        static_cast<void>(
            ::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, 60'000))));
    }

private:
    Status list_family(int family, Handler handler, void* context) {
        TRY_ASSIGN(const NetlinkSocket socket, open_route_socket(0));
        std::array<char, 256> request{};
        nlmsghdr* const message = mnl_nlmsg_put_header(request.data());
        message->nlmsg_type = RTM_GETNEIGH;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        message->nlmsg_seq = 1;
        auto* const head = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
        head->ndm_family = static_cast<std::uint8_t>(family);
        if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0)
            return os_failure("list the neighbours");
        NeighbourCall call{handler, context};
        for (;;) {
            const ssize_t got = mnl_socket_recvfrom(socket.get(), octets_.data(), octets_.size());
            if (got < 0) return os_failure("list the neighbours");
            const int state =
                mnl_cb_run(octets_.data(), static_cast<std::size_t>(got), 1,
                           mnl_socket_get_portid(socket.get()), on_neighbour_message, &call);
            if (state < 0) return os_failure("list the neighbours");
            if (state == MNL_CB_STOP) return {};
        }
    }

    NetlinkSocket changes_;
    alignas(nlmsghdr) std::array<char, reply_octets> octets_{};
};

}  // namespace

Result<std::unique_ptr<NeighbourSource>> open_neighbours() {
    TRY_ASSIGN(NetlinkSocket changes, open_route_socket(SOCK_NONBLOCK));
    const int descriptor = mnl_socket_get_fd(changes.get());
    // Beyond the limit of the system with CAP_NET_ADMIN, up to it without. A loss is noticed.
    if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &change_buffer_octets,
                     sizeof change_buffer_octets) != 0)
        static_cast<void>(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &change_buffer_octets,
                                       sizeof change_buffer_octets));
    int group = RTNLGRP_NEIGH;
    if (mnl_socket_setsockopt(changes.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
        return os_failure("receive changes of neighbours");
    return std::make_unique<NetlinkNeighbours>(std::move(changes));
}

}  // namespace octroi
