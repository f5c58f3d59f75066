// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/flowtables.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "host/netlink_socket.hpp"

namespace octroi {
namespace {

// The kernel sends parts of a dump of at most 32 KiB (NLMSG_GOODSIZE, linux/netlink.h).
constexpr std::size_t flowtable_octets_max = std::size_t{64} << 10U;

struct FlowtableCall {
    FlowtableHandler handler;
    void* context;
};

int on_flowtable(const nlmsghdr* message, void* to) {
    const auto& call = *static_cast<const FlowtableCall*>(to);
    const auto* payload = static_cast<const std::byte*>(mnl_nlmsg_get_payload(message));
    call.handler(call.context, {payload, mnl_nlmsg_get_payload_len(message)});
    return MNL_CB_OK;
}

Status flowtable_status(int error) {
    switch (error) {
        case EOPNOTSUPP:
        case EPROTONOSUPPORT:
        case EINVAL:
        case ENOENT:
            return {};
        case EINTR:
            return fail(ErrorCode::busy,
                        "the flowtables of nftables changed while they were listed; next: try "
                        "again");
        case EPERM:
            return fail(ErrorCode::permission,
                        "cannot list the flowtables of nftables: not permitted; next: run as "
                        "root, or with CAP_NET_ADMIN");
        default:
            return fail(ErrorCode::failed,
                        fmt::format("cannot list the flowtables of nftables: {}; next: nft list "
                                    "flowtables",
                                    std::generic_category().message(error)));
    }
}

}  // namespace

Status list_flowtables(FlowtableHandler handler, void* context) {
    const NetlinkSocket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return flowtable_status(errno);
    std::array<char, 256> request{};
    nlmsghdr* const header = mnl_nlmsg_put_header(request.data());
    header->nlmsg_type =
        static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | NFT_MSG_GETFLOWTABLE);
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* const family =
        static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    family->nfgen_family = AF_UNSPEC;
    family->version = NFNETLINK_V0;
    if (mnl_socket_sendto(socket.get(), header, header->nlmsg_len) < 0)
        return flowtable_status(errno);
    FlowtableCall call{handler, context};
    std::vector<char> buffer(flowtable_octets_max);
    for (;;) {
        const ssize_t octets = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (octets < 0 && errno == EINTR) continue;
        if (octets < 0) return flowtable_status(errno);
        const int state = mnl_cb_run(buffer.data(), static_cast<std::size_t>(octets), 0,
                                     mnl_socket_get_portid(socket.get()), &on_flowtable, &call);
        if (state == MNL_CB_STOP) return {};
        if (state < 0) return flowtable_status(errno);
    }
}

}  // namespace octroi
