// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/interfaces.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>

#include "base/byte_cursor.hpp"
#include "host/default_routes.hpp"
#include "host/file.hpp"
#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"
#include "host/ppp_lower.hpp"
#include "host/pppoe_sessions.hpp"

namespace octroi {
namespace {

using Links = std::map<int, Interface>;

// rtnetlink(7), RTM_NEWLINK.
void read_link_info(const nlattr* nested, Interface& interface) {
    each_nested(nested, [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
            interface.kind = mnl_attr_get_str(attribute);
    });
}

InterfaceCounters read_counters(const nlattr* attribute) {
    rtnl_link_stats64 stats{};
    // The kernel has added fields to this structure: an older one sends less, a newer one more.
    const std::size_t size =
        std::min<std::size_t>(sizeof stats, mnl_attr_get_payload_len(attribute));
    std::memcpy(&stats, mnl_attr_get_payload(attribute), size);
    // Packets that the device itself had no memory for are counted apart (linux/if_link.h).
    return {.rx_bytes = stats.rx_bytes,
            .rx_packets = stats.rx_packets,
            .rx_dropped = stats.rx_dropped + stats.rx_missed_errors,
            .tx_bytes = stats.tx_bytes,
            .tx_packets = stats.tx_packets};
}

// Of an array of 32-bit values, which the kernel sends as one attribute.
bool is_set(const nlattr* values, std::size_t index) {
    std::uint32_t value = 0;
    if (mnl_attr_get_payload_len(values) < (index + 1) * sizeof value) return false;
    const auto* first = static_cast<const char*>(mnl_attr_get_payload(values));
    std::memcpy(&value, first + index * sizeof value, sizeof value);
    return value != 0;
}

// IFLA_AF_SPEC: the settings of net.ipv4.conf and net.ipv6.conf. IPv4 begins them at 1
// (linux/ip.h), IPv6 at 0 (linux/ipv6.h).
void read_protocols(const nlattr* families, Interface& interface) {
    each_nested(families, [&](const nlattr* family) {
        const bool v4 = mnl_attr_get_type(family) == AF_INET;
        if (!v4 && mnl_attr_get_type(family) != AF_INET6) return;
        each_nested(family, [&](const nlattr* settings) {
            const int type = mnl_attr_get_type(settings);
            if (v4 && type == IFLA_INET_CONF)
                interface.forwards_v4 = is_set(settings, IPV4_DEVCONF_FORWARDING - 1);
            if (!v4 && type == IFLA_INET6_CONF)
                interface.forwards_v6 = is_set(settings, DEVCONF_FORWARDING);
        });
    });
}

void read_link_attribute(const nlattr* attribute, Interface& interface) {
    switch (mnl_attr_get_type(attribute)) {
        case IFLA_IFNAME:
            interface.name = mnl_attr_get_str(attribute);
            break;
        case IFLA_MASTER:
            interface.master = static_cast<int>(mnl_attr_get_u32(attribute));
            break;
        case IFLA_LINK:
            interface.lower = static_cast<int>(mnl_attr_get_u32(attribute));
            break;
        case IFLA_AF_SPEC:
            read_protocols(attribute, interface);
            break;
        case IFLA_STATS64:
            interface.counters = read_counters(attribute);
            break;
        case IFLA_LINKINFO:
            read_link_info(attribute, interface);
            break;
        case IFLA_ADDRESS:
            if (mnl_attr_get_payload_len(attribute) == interface.mac.octets.size())
                std::memcpy(interface.mac.octets.data(), mnl_attr_get_payload(attribute),
                            interface.mac.octets.size());
            break;
        default:
            break;
    }
}

int on_link(const nlmsghdr* message, void* data) {
    auto& links = *static_cast<Links*>(data);
    const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    Interface link;
    link.index = header->ifi_index;
    link.up = (header->ifi_flags & IFF_UP) != 0;
    link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
    bool elsewhere = false;  // the interface below is in another network namespace
    each_attribute(message, sizeof(ifinfomsg), [&](const nlattr* attribute) {
        elsewhere = elsewhere || mnl_attr_get_type(attribute) == IFLA_LINK_NETNSID;
        read_link_attribute(attribute, link);
    });
    // The other end of a veth pair is no interface below it; tunnels show other frames.
    const bool is_stacked =
        link.kind == "vlan" || link.kind.starts_with("macv") || link.kind.starts_with("ipv");
    if (elsewhere || !is_stacked) link.lower = 0;
    links[header->ifi_index] = std::move(link);
    return MNL_CB_OK;
}

int on_address(const nlmsghdr* message, void* data) {
    auto& links = *static_cast<Links*>(data);
    const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
    const auto found = links.find(static_cast<int>(header->ifa_index));
    if (found == links.end()) return MNL_CB_OK;
    // On a point-to-point link IFA_ADDRESS is the peer's address and IFA_LOCAL ours. On other links
    // both are the same, or only IFA_ADDRESS exists (IPv6).
    std::array<const std::uint8_t*, 2> local_then_address{};
    each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
        const auto* octets = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
        if (mnl_attr_get_type(attribute) == IFA_LOCAL) local_then_address[0] = octets;
        if (mnl_attr_get_type(attribute) == IFA_ADDRESS) local_then_address[1] = octets;
    });
    const bool v4 = header->ifa_family == AF_INET;
    const auto make = [v4](const std::uint8_t* octets) {
        return v4 ? Address::v4(octets) : Address::v6(octets);
    };
    const auto* local =
        local_then_address[0] != nullptr ? local_then_address[0] : local_then_address[1];
    const auto* network = local_then_address[1] != nullptr ? local_then_address[1] : local;
    if (local == nullptr || (!v4 && header->ifa_family != AF_INET6)) return MNL_CB_OK;
    const Address base = make(network);
    const int length = std::min<int>(header->ifa_prefixlen, base.bits());
    found->second.addresses.push_back({make(local), Prefix::of(base, length)});
    return MNL_CB_OK;
}

// again: the listing must be repeated, because it changed while it was read (NLM_F_DUMP_INTR, which
// libmnl reports as EINTR) or because a signal came.
std::unexpected<Error> listing_failure(bool& again) {
    again = errno == EINTR;
    return os_failure("list the interfaces");
}

Status dump(mnl_socket* socket, std::uint16_t type, std::size_t header_size, mnl_cb_t callback,
            Links& links, bool& again) {
    std::array<char, 8192> request{};
    nlmsghdr* message = mnl_nlmsg_put_header(request.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = type;
    mnl_nlmsg_put_extra_header(message, header_size);
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
        return os_failure("list the interfaces");
    std::array<char, 32768> reply{};
    for (;;) {
        const ssize_t got = mnl_socket_recvfrom(socket, reply.data(), reply.size());
        if (got < 0) return listing_failure(again);
        const int state = mnl_cb_run(reply.data(), static_cast<std::size_t>(got), type,
                                     mnl_socket_get_portid(socket), callback, &links);
        if (state < 0) return listing_failure(again);
        if (state == MNL_CB_STOP) return {};
    }
}

bool is_bond(const Interface& interface) {
    return interface.kind == "bond" || interface.kind == "team";
}

// Why `octroi run` does not meter the interface, for people; empty: it does. Traffic must not be
// counted twice: a bond is metered and not its ports, hardware and not the virtual interfaces on
// it.
std::string exclusion_reason(const Interface& interface, const Links& links, bool hardware_exists) {
    if (interface.loopback) return "loopback";
    if (!interface.up) return "down";
    const auto master = links.find(interface.master);
    if (master != links.end() && is_bond(master->second))
        return fmt::format("part of {}, which is metered", master->second.name);
    if (interface.kind.empty() || is_bond(interface)) return {};
    if (interface.kind == "dummy" || interface.kind == "ifb")
        return "carries no traffic of its own";
    if (hardware_exists)
        return fmt::format("a {} on top of hardware that is metered", interface.kind);
    if (master != links.end()) return fmt::format("a port of {}", master->second.name);
    const auto lower = links.find(interface.lower);
    if (lower != links.end() && lower->second.up && !lower->second.loopback)
        return fmt::format("a {} on {}, which is metered", interface.kind, lower->second.name);
    return {};
}

// Interfaces that come and go all the time (containers) must not block the caller for ever.
constexpr int listings_max = 16;

Result<Links> list_links(bool& again) {
    again = false;
    const NetlinkSocket socket(mnl_socket_open(NETLINK_ROUTE));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return os_failure("open a netlink socket");
    Links links;
    TRY(dump(socket.get(), RTM_GETLINK, sizeof(ifinfomsg), on_link, links, again));
    TRY(dump(socket.get(), RTM_GETADDR, sizeof(ifaddrmsg), on_address, links, again));
    return links;
}

}  // namespace

Result<std::vector<Interface>> interfaces() {
    bool again = false;
    Result<Links> listed = list_links(again);
    for (int i = 1; i < listings_max && again; ++i) listed = list_links(again);
    TRY_ASSIGN(Links links, std::move(listed));
    const bool hardware_exists = std::any_of(links.begin(), links.end(), [](const auto& entry) {
        const Interface& i = entry.second;
        return i.up && !i.loopback && (i.kind.empty() || is_bond(i));
    });
    std::vector<Interface*> pointers;
    for (auto& [index, interface] : links) pointers.push_back(&interface);
    set_lower_of_ppp(pointers, pppoe_session_interfaces());
    const DefaultRoutes routes = default_routes();
    std::vector<Interface> all;
    for (auto& [index, interface] : links) {
        interface.excluded_because = exclusion_reason(interface, links, hardware_exists);
        interface.meterable = interface.excluded_because.empty();
        const auto master = links.find(interface.master);
        interface.bridge_port = master != links.end() && master->second.kind == "bridge";
        interface.uplink_v4 = routes.leave_by_v4.contains(index);
        interface.uplink_v6 = routes.leave_by_v6.contains(index);
    }
    for (auto& [index, interface] : links) all.push_back(std::move(interface));
    return all;
}

std::unexpected<Error> missing_interface(const std::string& name,
                                         const std::vector<Interface>& present) {
    std::string names;
    for (const Interface& each : present) names += (names.empty() ? "" : ", ") + each.name;
    return fail(ErrorCode::not_found,
                fmt::format("interface {} does not exist; this machine has {}. Next: name one of "
                            "these, or make the interface first",
                            name, names));
}

Result<Interface> interface(const std::string& name) {
    TRY_ASSIGN(auto all, interfaces());
    for (auto& candidate : all)
        if (candidate.name == name) return std::move(candidate);
    return missing_interface(name, all);
}

Result<std::string> boot_id() {
    TRY_ASSIGN(std::string text, read_file("/proc/sys/kernel/random/boot_id", 4096));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace octroi
