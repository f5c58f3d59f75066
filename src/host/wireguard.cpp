// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/wireguard.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "host/counter_host.hpp"
#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::size_t netlink_buffer_octets = 65536;
constexpr unsigned family_sequence = 1;
constexpr unsigned device_sequence = 2;
// Messages of one interface: 2^20 peers with a few addresses each.
constexpr std::size_t messages_octets_max = std::size_t{1} << 28U;

// The buffer of replies; it held private keys.
struct SecretBuffer {
    std::array<char, netlink_buffer_octets> octets{};
    SecretBuffer() = default;
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;
    ~SecretBuffer() { ::explicit_bzero(octets.data(), octets.size()); }
};

struct Messages {
    std::vector<std::string> payloads;
    std::size_t octets = 0;
    bool interrupted = false;
};

nlmsghdr* put_request(std::array<char, 256>& buffer, std::uint16_t type, std::uint16_t flags,
                      unsigned sequence, std::uint8_t command) {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    message->nlmsg_seq = sequence;
    auto* generic =
        static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(message, sizeof(genlmsghdr)));
    generic->cmd = command;
    generic->version = 1;
    return message;
}

int on_family(const nlmsghdr* message, void* to) {
    each_attribute(message, sizeof(genlmsghdr), [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
            *static_cast<std::uint16_t*>(to) = mnl_attr_get_u16(attribute);
    });
    return MNL_CB_OK;
}

int on_device(const nlmsghdr* message, void* to) {
    auto& messages = *static_cast<Messages*>(to);
    messages.interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    const std::size_t size = mnl_nlmsg_get_payload_len(message);
    if (size < sizeof(genlmsghdr)) return MNL_CB_OK;
    messages.octets += size;
    if (messages.octets > messages_octets_max) {
        errno = EMSGSIZE;
        return MNL_CB_ERROR;
    }
    const auto* octets = static_cast<const char*>(mnl_nlmsg_get_payload(message));
    messages.payloads.emplace_back(octets + sizeof(genlmsghdr), size - sizeof(genlmsghdr));
    return MNL_CB_OK;
}

Status exchange(mnl_socket* socket, nlmsghdr* request, mnl_cb_t callback, void* to) {
    const unsigned sequence = request->nlmsg_seq;
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
        return os_failure("ask the kernel for WireGuard peers");
    SecretBuffer buffer;
    for (;;) {
        const ssize_t got =
            mnl_socket_recvfrom(socket, buffer.octets.data(), buffer.octets.size());
        if (got < 0) return os_failure("read WireGuard peers");
        const int state = mnl_cb_run(buffer.octets.data(), static_cast<std::size_t>(got), sequence,
                                     mnl_socket_get_portid(socket), callback, to);
        if (state < 0) return os_failure("read WireGuard peers");
        if (state == MNL_CB_STOP) return {};
    }
}

// genetlink: CTRL_CMD_GETFAMILY (linux/genetlink.h).
Result<std::uint16_t> wireguard_family(mnl_socket* socket) {
    std::array<char, 256> buffer{};
    nlmsghdr* request =
        put_request(buffer, GENL_ID_CTRL, NLM_F_ACK, family_sequence, CTRL_CMD_GETFAMILY);
    mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
    std::uint16_t family = 0;
    const Status asked = exchange(socket, request, on_family, &family);
    if (!asked || family == 0)
        return fail(ErrorCode::unsupported,
                    "the kernel has no WireGuard; next: modprobe wireguard, or a kernel with it");
    return family;
}

}  // namespace

Result<std::vector<std::string>> read_wireguard_device(int index) {
    const NetlinkSocket socket(mnl_socket_open(NETLINK_GENERIC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return os_failure("open a netlink socket");
    TRY_ASSIGN(const std::uint16_t family, wireguard_family(socket.get()));
    std::array<char, 256> buffer{};
    nlmsghdr* request =
        put_request(buffer, family, NLM_F_DUMP, device_sequence, WG_CMD_GET_DEVICE);
    mnl_attr_put_u32(request, WGDEVICE_A_IFINDEX, static_cast<std::uint32_t>(index));
    Messages messages;
    const Status read = exchange(socket.get(), request, on_device, &messages);
    if (read && !messages.interrupted) return std::move(messages.payloads);
    for (std::string& payload : messages.payloads) wipe(payload);
    if (read) return fail(ErrorCode::busy, "WireGuard peers changed while they were listed");
    if (read.error().code == ErrorCode::permission)
        return fail(ErrorCode::permission,
                    "reading WireGuard peers needs CAP_NET_ADMIN; next: start octroi as root, or "
                    "setcap cap_net_admin+ep on it");
    return std::unexpected(read.error());
}

}  // namespace octroi
