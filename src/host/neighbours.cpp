// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/neighbours.hpp"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <memory>

#include "host/os_error.hpp"

namespace octroi {
namespace {

struct NeighbourSocketCloser {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

struct Search {
    const Address* address;
    std::optional<Mac> found;
};

struct Attributes {
    const nlattr* address = nullptr;
    const nlattr* link_address = nullptr;
};

int on_neighbour_attribute(const nlattr* attribute, void* to) {
    auto& attributes = *static_cast<Attributes*>(to);
    if (mnl_attr_get_type(attribute) == NDA_DST) attributes.address = attribute;
    if (mnl_attr_get_type(attribute) == NDA_LLADDR) attributes.link_address = attribute;
    return MNL_CB_OK;
}

bool is_address(const nlattr* attribute, const Address& wanted) {
    const std::size_t length = wanted.family == Family::v6 ? 16 : 4;
    if (mnl_attr_get_payload_len(attribute) != length) return false;
    const auto* octets = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    return std::equal(octets, octets + length, wanted.octets.begin());
}

// RTM_NEWNEIGH. Entries without a link layer address are those that did not answer.
int on_neighbour(const nlmsghdr* message, void* to) {
    auto& search = *static_cast<Search*>(to);
    Attributes attributes;
    mnl_attr_parse(message, sizeof(ndmsg), on_neighbour_attribute, &attributes);
    Mac mac;
    if (attributes.address == nullptr || attributes.link_address == nullptr ||
        mnl_attr_get_payload_len(attributes.link_address) != mac.octets.size() ||
        !is_address(attributes.address, *search.address))
        return MNL_CB_OK;
    const auto* octets =
        static_cast<const std::uint8_t*>(mnl_attr_get_payload(attributes.link_address));
    std::copy_n(octets, mac.octets.size(), mac.octets.begin());
    if (!mac.empty()) search.found = mac;
    return MNL_CB_OK;
}

}  // namespace

Result<std::optional<Mac>> neighbour_mac(const Address& address) {
    const std::unique_ptr<mnl_socket, NeighbourSocketCloser> socket(mnl_socket_open(NETLINK_ROUTE));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return os_failure("open a netlink socket");
    std::array<char, 256> request{};
    nlmsghdr* message = mnl_nlmsg_put_header(request.data());
    message->nlmsg_type = RTM_GETNEIGH;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = 1;
    auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
    header->ndm_family = address.family == Family::v6 ? AF_INET6 : AF_INET;
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0)
        return os_failure("list the neighbours");
    Search search{&address, std::nullopt};
    std::array<char, 32768> reply{};
    for (;;) {
        const ssize_t got = mnl_socket_recvfrom(socket.get(), reply.data(), reply.size());
        if (got < 0) return os_failure("list the neighbours");
        const int state = mnl_cb_run(reply.data(), static_cast<std::size_t>(got), 1,
                                     mnl_socket_get_portid(socket.get()), on_neighbour, &search);
        if (state < 0) return os_failure("list the neighbours");
        if (state == MNL_CB_STOP) return search.found;
    }
}

}  // namespace octroi
