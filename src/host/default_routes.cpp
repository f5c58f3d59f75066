// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/default_routes.hpp"

#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>

#include "host/netlink_socket.hpp"

namespace octroi {
namespace {

// Replies that are read of a table; each has some hundred routes. A default route is in the first.
constexpr int replies_max = 4;
constexpr unsigned default_length_v4 = 1;
constexpr unsigned default_length_v6 = 3;

struct Listing {
    std::set<int>* interfaces;
    unsigned length_max;
};

// RTA_MULTIPATH: one entry for each interface of the route.
void add_next_hops(const nlattr* multipath, std::set<int>& interfaces) {
    const auto* hop = static_cast<const rtnexthop*>(mnl_attr_get_payload(multipath));
    int left = mnl_attr_get_payload_len(multipath);
    while (RTNH_OK(hop, left)) {
        interfaces.insert(hop->rtnh_ifindex);
        left -= static_cast<int>(RTNH_ALIGN(hop->rtnh_len));
        hop = RTNH_NEXT(hop);
    }
}

int on_route(const nlmsghdr* message, void* data) {
    if (message->nlmsg_type != RTM_NEWROUTE) return MNL_CB_OK;
    const auto& listing = *static_cast<const Listing*>(data);
    const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
    const bool is_default = route->rtm_dst_len <= listing.length_max &&
                            route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST;
    if (!is_default) return MNL_CB_OK;
    each_attribute(message, sizeof(rtmsg), [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == RTA_OIF)
            listing.interfaces->insert(static_cast<int>(mnl_attr_get_u32(attribute)));
        if (mnl_attr_get_type(attribute) == RTA_MULTIPATH)
            add_next_hops(attribute, *listing.interfaces);
    });
    return MNL_CB_OK;
}

// Closing the socket ends the rest of the listing.
void list(unsigned char family, Listing listing) {
    const NetlinkSocket socket(mnl_socket_open(NETLINK_ROUTE));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return;
    // With this the kernel lists one table. An older kernel lists all, and on_route() selects.
    int on = 1;
    static_cast<void>(mnl_socket_setsockopt(socket.get(), NETLINK_GET_STRICT_CHK, &on, sizeof on));
    std::array<char, 256> request{};
    nlmsghdr* const message = mnl_nlmsg_put_header(request.data());
    message->nlmsg_type = RTM_GETROUTE;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* const header = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
    header->rtm_family = family;
    header->rtm_table = RT_TABLE_MAIN;
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return;
    std::array<char, 32768> reply{};
    for (int i = 0; i < replies_max; ++i) {
        const ssize_t got = mnl_socket_recvfrom(socket.get(), reply.data(), reply.size());
        if (got < 0) return;
        const int state = mnl_cb_run(reply.data(), static_cast<std::size_t>(got), 0,
                                     mnl_socket_get_portid(socket.get()), on_route, &listing);
        // Interrupted, because routes changed meanwhile: the routes that were read hold.
        const bool goes_on = state == MNL_CB_OK || (state < 0 && errno == EINTR);
        if (!goes_on) return;
    }
}

}  // namespace

DefaultRoutes default_routes() {
    DefaultRoutes routes;
    list(AF_INET, {&routes.leave_by_v4, default_length_v4});
    list(AF_INET6, {&routes.leave_by_v6, default_length_v6});
    return routes;
}

}  // namespace octroi
