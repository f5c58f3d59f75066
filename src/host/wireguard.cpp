// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/wireguard.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "host/netlink_socket.hpp"

namespace octroi {
namespace {

// The kernel sends parts of a dump of at most 32 KiB (NLMSG_GOODSIZE, linux/netlink.h).
constexpr std::size_t answer_octets_max = std::size_t{64} << 10U;
constexpr unsigned wireguard_sequence = 1;

[[nodiscard]] std::unexpected<Error> wireguard_error(int error) {
    if (error == EINTR)
        return fail(ErrorCode::busy, "the peers of WireGuard changed while they were listed");
    if (error == EPERM || error == EACCES)
        return fail(ErrorCode::permission,
                    "WireGuard: not permitted; next: run as root, or with CAP_NET_ADMIN");
    if (error == ENODEV)
        return fail(ErrorCode::not_found, "WireGuard: the interface does not exist any more");
    if (error == ENOENT)
        return fail(ErrorCode::unsupported,
                    "WireGuard: the kernel does not have it; next: modprobe wireguard");
    return fail(ErrorCode::failed,
                fmt::format("WireGuard: the peers cannot be listed: {}; next: wg show",
                            std::generic_category().message(error)));
}

struct WireguardCall {
    WireguardHost::Handler handler;
    void* context;
};

int on_device(const nlmsghdr* message, void* to) {
    const auto& call = *static_cast<const WireguardCall*>(to);
    const auto* payload = static_cast<const std::byte*>(mnl_nlmsg_get_payload(message));
    call.handler(call.context, {payload, mnl_nlmsg_get_payload_len(message)});
    return MNL_CB_OK;
}

int on_family(const nlmsghdr* message, void* to) {
    each_attribute(message, sizeof(genlmsghdr), [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID &&
            mnl_attr_get_payload_len(attribute) == sizeof(std::uint16_t))
            *static_cast<std::uint16_t*>(to) = mnl_attr_get_u16(attribute);
    });
    return MNL_CB_OK;
}

class KernelWireguard final : public WireguardHost {
public:
    KernelWireguard() : buffer_(answer_octets_max) {}

    Status list(int index, Handler handler, void* context) override {
        NetlinkSocket socket(mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC));
        if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
            return wireguard_error(errno);
        TRY_ASSIGN(const std::uint16_t family, find_family(*socket));
        nlmsghdr* const request =
            put_request(family, NLM_F_REQUEST | NLM_F_DUMP, WG_CMD_GET_DEVICE, WG_GENL_VERSION);
        mnl_attr_put_u32(request, WGDEVICE_A_IFINDEX, static_cast<std::uint32_t>(index));
        WireguardCall call{handler, context};
        const Status listed = ask(*socket, request, on_device, &call);
        ::explicit_bzero(buffer_.data(), buffer_.size());  // the private key
        return listed;
    }

private:
    nlmsghdr* put_request(std::uint16_t type, std::uint16_t flags, std::uint8_t command,
                          std::uint8_t version) {
        nlmsghdr* const message = mnl_nlmsg_put_header(buffer_.data());
        message->nlmsg_type = type;
        message->nlmsg_flags = flags;
        message->nlmsg_seq = wireguard_sequence;
        auto* const header =
            static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(message, sizeof(genlmsghdr)));
        header->cmd = command;
        header->version = version;
        return message;
    }
    // Loads the module, where the kernel has one.
    Result<std::uint16_t> find_family(mnl_socket& socket) {
        constexpr std::uint8_t controller_version = 1;
        nlmsghdr* const request = put_request(GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK,
                                              CTRL_CMD_GETFAMILY, controller_version);
        mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
        std::uint16_t family = 0;
        TRY(ask(socket, request, on_family, &family));
        if (family == 0) return wireguard_error(ENOENT);
        return family;
    }
    // The answer overwrites the request.
    Status ask(mnl_socket& socket, const nlmsghdr* request, mnl_cb_t callback, void* data) {
        if (mnl_socket_sendto(&socket, request, request->nlmsg_len) < 0)
            return wireguard_error(errno);
        const unsigned port = mnl_socket_get_portid(&socket);
        for (;;) {
            const ssize_t octets = mnl_socket_recvfrom(&socket, buffer_.data(), buffer_.size());
            if (octets < 0 && errno == EINTR) continue;
            if (octets < 0) return wireguard_error(errno);
            const int state = mnl_cb_run(buffer_.data(), static_cast<std::size_t>(octets),
                                         wireguard_sequence, port, callback, data);
            if (state == MNL_CB_STOP) return {};
            if (state < 0) return wireguard_error(errno);
        }
    }

    std::vector<char> buffer_;
};

}  // namespace

std::unique_ptr<WireguardHost> wireguard_host() { return std::make_unique<KernelWireguard>(); }

}  // namespace octroi
