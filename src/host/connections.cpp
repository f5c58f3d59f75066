// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/connections.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// Events that one system call reads, and the octets of each. The kernel sends about 300 octets for
// an event; labels and a security context add less than 1 KiB.
constexpr std::size_t events_per_call = 64;
constexpr std::size_t event_octets_max = 4096;
// A process that wakes for each event costs twice as much. Meanwhile the buffer holds the events:
// it has memory for a second of them.
constexpr int gather_microseconds = 5'000;
constexpr std::uint32_t gather_buffer_octets = 4U << 20U;
// Replies of a listing that one call reads; each has some hundred entries.
constexpr int replies_per_call = 4;

void ask_for_space(mnl_socket* socket, std::uint32_t octets) {
    const int size = static_cast<int>(octets);
    // Beyond the limit of the system with CAP_NET_ADMIN, up to it without.
    if (::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) !=
        0)
        static_cast<void>(
            ::setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUF, &size, sizeof size));
}

// As os_failure().
std::unexpected<Error> connections_failure(std::string_view what) {
    const bool is_denied = errno == EPERM || errno == EACCES;
    return with_next(os_failure(what), is_denied
                                           ? "run as root, or with CAP_NET_ADMIN"
                                           : "modprobe nf_conntrack_netlink; dmesg may state more");
}

Result<NetlinkSocket> open_socket(unsigned groups) {
    NetlinkSocket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket || mnl_socket_bind(socket.get(), groups, MNL_SOCKET_AUTOPID) < 0)
        return connections_failure("read the connections of the kernel");
    return socket;
}

// The kernel answers a request that it refuses at once. errno is set then.
bool is_refused(mnl_socket* socket) {
    alignas(nlmsghdr) std::array<char, 4096> reply{};
    const ssize_t got =
        ::recv(mnl_socket_get_fd(socket), reply.data(), reply.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(int))) return false;
    nlmsghdr header{};
    std::memcpy(&header, reply.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_ERROR) return false;
    int error = 0;
    std::memcpy(&error, reply.data() + sizeof header, sizeof error);
    errno = -error;
    return error != 0;
}

class NetlinkConnections final : public ConnectionSource {
public:
    NetlinkConnections(NetlinkSocket events, bool gathers)
        : events_(std::move(events)), gathers_(gathers) {
        for (std::size_t i = 0; i < events_per_call; ++i) {
            parts_.at(i) = {event_octets_.data() + i * event_octets_max, event_octets_max};
            batch_.at(i).msg_hdr.msg_iov = &parts_.at(i);
            batch_.at(i).msg_hdr.msg_iovlen = 1;
        }
    }

    Status list() override {
        // A socket of its own: the rest of an earlier listing goes with its socket.
        TRY_ASSIGN(listing_, open_socket(0));
        std::array<char, 256> request{};
        nlmsghdr* const message = mnl_nlmsg_put_header(request.data());
        message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8U | IPCTNL_MSG_CT_GET;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        auto* const header =
            static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
        header->nfgen_family = AF_UNSPEC;
        header->version = NFNETLINK_V0;
        const bool sent = mnl_socket_sendto(listing_.get(), message, message->nlmsg_len) >= 0;
        if (sent && !is_refused(listing_.get())) return {};
        const auto failure = connections_failure("list the connections of the kernel");
        listing_.reset();
        return failure;
    }
    [[nodiscard]] bool is_listing() const override { return listing_ != nullptr; }

    Result<bool> read(Handler handler, void* context) override {
        Call call{handler, context};
        TRY_ASSIGN(const bool complete, read_events(call));
        for (int i = 0; i < replies_per_call && listing_; ++i) {
            TRY_ASSIGN(const Read read, read_once(listing_.get(), call));
            if (read == Read::end) listing_.reset();
            if (read == Read::nothing) break;
        }
        return complete;
    }

    void wait(Duration wait) override {
        std::array<pollfd, 2> sockets{};
        sockets[0] = {mnl_socket_get_fd(events_.get()), POLLIN, 0};
        if (listing_) sockets[1] = {mnl_socket_get_fd(listing_.get()), POLLIN, 0};
        const auto milliseconds = (std::max<std::int64_t>(wait.ns, 0) + 999'999) / 1'000'000;
        const int ready = ::poll(sockets.data(), listing_ ? 2 : 1,
                                 static_cast<int>(std::min<std::int64_t>(milliseconds, 60'000)));
        if (gathers_ && ready > 0 && wait.ns > 0) static_cast<void>(::usleep(gather_microseconds));
    }

private:
    struct Call {
        Handler handler;
        void* context;
    };
    enum class Read : std::uint8_t { some, nothing, end, overrun };

    // Bounded: a flood of new connections must not keep the caller from its other work. But after
    // an overrun the kernel drops all events until the socket is empty, and does not say so again.
    Result<bool> read_events(Call& call) {
        constexpr int reads_max = ConnectionSource::events_of_a_read / events_per_call;
        constexpr int reads_after_overrun_max = 1 << 16;
        bool complete = true;
        for (int i = 0; i < (complete ? reads_max : reads_after_overrun_max); ++i) {
            TRY_ASSIGN(const Read read, read_batch(call));
            if (read == Read::overrun) complete = false;
            if (read == Read::nothing) break;
        }
        return complete;
    }

    Result<Read> read_batch(Call& call) {
        const int got = ::recvmmsg(mnl_socket_get_fd(events_.get()), batch_.data(),
                                   static_cast<unsigned>(batch_.size()), MSG_DONTWAIT, nullptr);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Read::nothing;
        if (got < 0 && (errno == ENOBUFS || errno == ENOSPC)) return Read::overrun;
        if (got < 0) return connections_failure("read the connections of the kernel");
        bool is_cut = false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
            is_cut = is_cut || (batch_.at(i).msg_hdr.msg_flags & MSG_TRUNC) != 0;
            // Octets of a cut message are those of whole netlink messages or ignored.
            static_cast<void>(
                mnl_cb_run(parts_.at(i).iov_base, batch_.at(i).msg_len, 0, 0, &on_message, &call));
        }
        return is_cut ? Read::overrun : Read::some;
    }

    Result<Read> read_once(mnl_socket* socket, Call& call) {
        const ssize_t got = mnl_socket_recvfrom(socket, buffer_.data(), buffer_.size());
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Read::nothing;
        if (got < 0 && (errno == ENOBUFS || errno == ENOSPC)) return Read::overrun;
        if (got < 0) return connections_failure("read the connections of the kernel");
        const int state =
            mnl_cb_run(buffer_.data(), static_cast<std::size_t>(got), 0, 0, &on_message, &call);
        // Interrupted: entries came or went meanwhile, and their events were sent.
        if (state < 0 && errno != EINTR)
            return connections_failure("list the connections of the kernel");
        return state == MNL_CB_STOP ? Read::end : Read::some;
    }

    static int on_message(const nlmsghdr* message, void* data) {
        const auto& call = *static_cast<const Call*>(data);
        if (message->nlmsg_type >> 8U != NFNL_SUBSYS_CTNETLINK) return MNL_CB_OK;
        const unsigned type = message->nlmsg_type & 0xffU;
        const bool is_listed = (message->nlmsg_flags & NLM_F_MULTI) != 0;
        const auto* octets = static_cast<const std::byte*>(mnl_nlmsg_get_payload(message));
        const Kind kind = type == IPCTNL_MSG_CT_DELETE ? Kind::ended
                          : is_listed                  ? Kind::listed
                                                       : Kind::begun;
        call.handler(call.context, kind, {octets, mnl_nlmsg_get_payload_len(message)});
        return MNL_CB_OK;
    }

    NetlinkSocket events_;
    NetlinkSocket listing_;
    bool gathers_;
    std::array<mmsghdr, events_per_call> batch_{};
    std::array<iovec, events_per_call> parts_{};
    alignas(nlmsghdr) std::array<char, events_per_call * event_octets_max> event_octets_{};
    alignas(nlmsghdr) std::array<char, 65536> buffer_{};
};

}  // namespace

Result<std::unique_ptr<ConnectionSource>> open_connections(const ConnectionOptions& options) {
    // Not there: nothing is tracked in this namespace. A request would load the module.
    if (::access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) != 0) return nullptr;
    unsigned groups = NF_NETLINK_CONNTRACK_DESTROY;
    if (options.begun_events) groups |= NF_NETLINK_CONNTRACK_NEW;
    TRY_ASSIGN(auto events, open_socket(groups));
    ask_for_space(events.get(), options.buffer_octets);
    auto source = std::make_unique<NetlinkConnections>(
        std::move(events), options.buffer_octets >= gather_buffer_octets);
    TRY(source->list());
    return source;
}

}  // namespace octroi
