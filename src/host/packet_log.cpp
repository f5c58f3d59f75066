// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/packet_log.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// The kernel sends messages together: when these octets are full, or after this time.
constexpr std::uint32_t batch_octets = 128U << 10U;
constexpr std::uint32_t batch_hundredths = 5;
// Larger than a batch and the message that ends it.
constexpr std::size_t read_octets = 512U << 10U;

class NetlinkPacketLog final : public PacketLog {
public:
    NetlinkPacketLog(NetlinkSocket socket, std::uint16_t group)
        : socket_(std::move(socket)), group_(group), buffer_(read_octets) {}

    // Asks for the packets of the group and waits for the kernel's answer.
    Status bind(const PacketLogOptions& options) {
        TRY(request([](nlmsghdr* message) {
            const nfulnl_msg_config_cmd bind{NFULNL_CFG_CMD_BIND};
            mnl_attr_put(message, NFULA_CFG_CMD, sizeof bind, &bind);
        }));
        return request([&](nlmsghdr* message) {
            nfulnl_msg_config_mode mode{};
            mode.copy_range = htonl(options.copied_octets);
            mode.copy_mode = NFULNL_COPY_PACKET;
            mnl_attr_put(message, NFULA_CFG_MODE, sizeof mode, &mode);
            mnl_attr_put_u32(message, NFULA_CFG_NLBUFSIZ, htonl(batch_octets));
            mnl_attr_put_u32(message, NFULA_CFG_TIMEOUT, htonl(batch_hundredths));
            mnl_attr_put_u16(message, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
        });
    }

    Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
        Call call{handler, context, 0};
        while (call.messages < limit) {
            const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
            if (got < 0 && errno == EAGAIN) break;
            if (got < 0 && errno == EINTR) continue;
            if (got < 0 && errno == ENOBUFS) {
                ++overruns_;
                continue;
            }
            if (got < 0 || mnl_cb_run(buffer_.data(), static_cast<std::size_t>(got), 0, 0,
                                      &on_message, &call) < 0)
                return os_failure(fmt::format("read the packets of log group {}", group_));
        }
        return call.messages;
    }

    void wait(Duration wait) override {
        pollfd descriptor{mnl_socket_get_fd(socket_.get()), POLLIN, 0};
        const auto milliseconds = std::clamp<std::int64_t>(wait.ns / 1'000'000, 0, 60'000);
        static_cast<void>(::poll(&descriptor, 1, static_cast<int>(milliseconds)));
    }

    [[nodiscard]] std::uint64_t overruns() const override { return overruns_; }

private:
    struct Call {
        Handler handler;
        void* context;
        std::size_t messages;
    };

    template <typename Fill>
    Status request(Fill fill) {
        alignas(nlmsghdr) std::array<char, 512> octets{};
        nlmsghdr* const message = mnl_nlmsg_put_header(octets.data());
        message->nlmsg_type = NFNL_SUBSYS_ULOG << 8U | NFULNL_MSG_CONFIG;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        auto* const header =
            static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
        header->nfgen_family = AF_UNSPEC;
        header->version = NFNETLINK_V0;
        header->res_id = htons(group_);
        fill(message);
        const bool sent = mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) >= 0;
        if (sent && is_acknowledged()) return {};
        auto failure = os_failure(fmt::format("open the packet log of group {}", group_));
        if (failure.error().code == ErrorCode::permission)
            failure.error().text +=
                ": another program reads this group, or the process has no CAP_NET_ADMIN; next: "
                "choose another group in the rules and in [[meter]], or start it as root";
        return failure;
    }
    // Packets of the group may come before the answer; the caller has not begun to count then.
    bool is_acknowledged() {
        for (;;) {
            const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return false;
            const int state =
                mnl_cb_run(buffer_.data(), static_cast<std::size_t>(got), 0, 0, nullptr, nullptr);
            if (state <= MNL_CB_STOP) return state == MNL_CB_STOP;
        }
    }

    static int on_message(const nlmsghdr* message, void* data) {
        auto& call = *static_cast<Call*>(data);
        const unsigned packet = NFNL_SUBSYS_ULOG << 8U | NFULNL_MSG_PACKET;
        if (message->nlmsg_type != packet) return MNL_CB_OK;
        ++call.messages;
        const auto* octets = static_cast<const std::byte*>(mnl_nlmsg_get_payload(message));
        call.handler(call.context, {octets, mnl_nlmsg_get_payload_len(message)});
        return MNL_CB_OK;
    }

    NetlinkSocket socket_;
    std::uint16_t group_;
    std::vector<char> buffer_;
    std::uint64_t overruns_ = 0;
};

void set_buffer(int socket, std::uint32_t octets) {
    const int size = static_cast<int>(std::min<std::uint32_t>(octets, 1U << 30U));
    // Beyond the limit of the system with CAP_NET_ADMIN, up to it without.
    if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size));
}

}  // namespace

Result<std::unique_ptr<PacketLog>> open_packet_log(const PacketLogOptions& options) {
    NetlinkSocket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return os_failure("open the packet log of the kernel");
    const int descriptor = mnl_socket_get_fd(socket.get());
    set_buffer(descriptor, options.buffer_octets);
    auto log = std::make_unique<NetlinkPacketLog>(std::move(socket), options.group);
    TRY(log->bind(options));
    if (::fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0)
        return os_failure("open the packet log of the kernel");
    return log;
}

}  // namespace octroi
