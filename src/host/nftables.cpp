// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/nftables.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "host/interfaces.hpp"
#include "host/netlink_socket.hpp"
#include "host/network_namespace.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// The kernel sends parts of a dump of at most 32 KiB (NLMSG_GOODSIZE, linux/netlink.h).
constexpr std::size_t part_octets_max = std::size_t{64} << 10U;
// Each answer takes a page of the socket's buffer, which has 208 KiB by default
// (net.core.rmem_default).
constexpr std::size_t requests_of_a_part = 32;
constexpr std::uint32_t dump_sequence = 1;
constexpr std::uint8_t inet_family = 1;  // NFPROTO_INET, linux/netfilter.h

struct NftContextCloser {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

struct DumpCall {
    NftablesHost::Handler handler;
    void* context;
};

int on_dump_message(const nlmsghdr* message, void* to) {
    const auto& call = *static_cast<const DumpCall*>(to);
    const auto* payload = static_cast<const std::byte*>(mnl_nlmsg_get_payload(message));
    call.handler(call.context, {payload, mnl_nlmsg_get_payload_len(message)});
    return MNL_CB_OK;
}

[[nodiscard]] std::uint16_t request_of(NftablesHost::List list) {
    switch (list) {
        case NftablesHost::List::tables:
            return NFT_MSG_GETTABLE;
        case NftablesHost::List::chains:
            return NFT_MSG_GETCHAIN;
        case NftablesHost::List::rules:
            return NFT_MSG_GETRULE;
        case NftablesHost::List::sets:
            return NFT_MSG_GETSET;
        case NftablesHost::List::objects:
            return NFT_MSG_GETOBJ;
    }
    return NFT_MSG_GETTABLE;
}

[[nodiscard]] std::unexpected<Error> dump_error(int error) {
    if (error == EINTR)
        return fail(ErrorCode::busy, "the tables of nftables changed while they were listed");
    if (error == ENOBUFS || error == ENOMEM || error == EAGAIN)
        return fail(ErrorCode::busy,
                    fmt::format("nftables: the kernel cannot list its tables now: {}. Next: find "
                                "out what takes its memory",
                                std::generic_category().message(error)));
    if (error == EPERM)
        return fail(ErrorCode::permission,
                    "nftables: not permitted. Next: run as root, or with CAP_NET_ADMIN");
    return fail(ErrorCode::unsupported,
                fmt::format("nftables: the kernel cannot list its tables: {}. Next: modprobe "
                            "nf_tables",
                            std::generic_category().message(error)));
}

[[nodiscard]] std::unexpected<Error> addition_error(int error) {
    if (error == EPERM) return dump_error(error);
    return fail(ErrorCode::failed,
                fmt::format("nftables refused counters or elements of maps: {}. Next: octroi rules "
                            "apply --dry-run prints them",
                            std::generic_category().message(error)));
}

class KernelNftables final : public NftablesHost {
public:
    Status list(List list, const std::string& table, Handler handler, void* context) override {
        const NetlinkSocket socket(mnl_socket_open(NETLINK_NETFILTER));
        if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
            return dump_error(errno);
        std::vector<char> buffer(part_octets_max);
        nlmsghdr* const header = mnl_nlmsg_put_header(buffer.data());
        header->nlmsg_type =
            static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | request_of(list));
        header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        header->nlmsg_seq = dump_sequence;
        auto* const family =
            static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
        family->nfgen_family = inet_family;
        family->version = NFNETLINK_V0;
        // NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE and NFTA_OBJ_TABLE have one number.
        if (list != List::tables) mnl_attr_put_strz(header, NFTA_OBJ_TABLE, table.c_str());
        if (mnl_socket_sendto(socket.get(), header, header->nlmsg_len) < 0)
            return dump_error(errno);
        return receive(*socket, buffer, {handler, context});
    }

    Status get_objects(const std::string& table, std::span<const std::string> names,
                       Handler handler, void* context) override {
        const NetlinkSocket socket(mnl_socket_open(NETLINK_NETFILTER));
        if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
            return dump_error(errno);
        std::vector<char> buffer(part_octets_max);
        while (!names.empty()) {
            const auto part = names.first(std::min(names.size(), requests_of_a_part));
            names = names.subspan(part.size());
            std::size_t octets = 0;
            for (const std::string& name : part)
                octets += put_get(buffer.data() + octets, table, name);
            if (mnl_socket_sendto(socket.get(), buffer.data(), octets) < 0)
                return dump_error(errno);
            TRY(receive_answers(*socket, buffer, part.size(), {handler, context}));
        }
        return {};
    }

    Status add(std::span<const std::string> batches) override {
        const NetlinkSocket socket(mnl_socket_open(NETLINK_NETFILTER));
        if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
            return dump_error(errno);
        std::vector<char> buffer(part_octets_max);
        for (const std::string& batch : batches) {
            if (mnl_socket_sendto(socket.get(), batch.data(), batch.size()) < 0)
                return addition_error(errno);
            ssize_t octets = 0;
            do octets = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
            while (octets < 0 && errno == EINTR);
            // The first answer: of the message that was refused, or of the last one. Any sequence.
            if (octets < 0 || mnl_cb_run(buffer.data(), static_cast<std::size_t>(octets), 0,
                                         mnl_socket_get_portid(socket.get()), nullptr, nullptr) < 0)
                return addition_error(errno);
        }
        return {};
    }

    Status run(const std::string& commands, bool check_only) override {
        const std::unique_ptr<nft_ctx, NftContextCloser> context(nft_ctx_new(NFT_CTX_DEFAULT));
        if (!context || nft_ctx_buffer_error(context.get()) != 0 ||
            nft_ctx_buffer_output(context.get()) != 0)
            return fail(ErrorCode::failed,
                        "libnftables cannot be used: no memory. Next: stop what takes it");
        nft_ctx_set_dry_run(context.get(), check_only);
        errno = 0;
        if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0) return {};
        std::string text = nft_ctx_get_error_buffer(context.get());
        while (text.ends_with('\n')) text.pop_back();
        const bool denied = text.find("Operation not permitted") != std::string::npos;
        return fail(denied ? ErrorCode::permission : ErrorCode::failed,
                    fmt::format("nftables refused the rules: {}. Next: {}", first_lines(text),
                                denied ? "run as root, or with CAP_NET_ADMIN"
                                       : "octroi rules apply --dry-run prints the commands"));
    }

    Result<std::string> generation() override {
        TRY_ASSIGN(std::string boot, boot_id());
        TRY_ASSIGN(const std::string space, network_namespace());
        return fmt::format("{}/{}", boot, space);
    }

    void wait(Duration time) override {
        (void)::poll(nullptr, 0, static_cast<int>(std::max<std::int64_t>(time.ns / 1'000'000, 0)));
    }

private:
    // Returns the octets of the request.
    static std::size_t put_get(char* to, const std::string& table, const std::string& name) {
        nlmsghdr* const header = mnl_nlmsg_put_header(to);
        header->nlmsg_type =
            static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | NFT_MSG_GETOBJ);
        header->nlmsg_flags = NLM_F_REQUEST;
        header->nlmsg_seq = dump_sequence;
        auto* const family =
            static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
        family->nfgen_family = inet_family;
        family->version = NFNETLINK_V0;
        mnl_attr_put_strz(header, NFTA_OBJ_TABLE, table.c_str());
        mnl_attr_put_strz(header, NFTA_OBJ_NAME, name.c_str());
        mnl_attr_put_u32(header, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
        return header->nlmsg_len;
    }
    // One answer for each request: the object, or an error.
    static Status receive_answers(mnl_socket& socket, std::vector<char>& buffer, std::size_t count,
                                  DumpCall call) {
        while (count > 0) {
            const ssize_t octets = mnl_socket_recvfrom(&socket, buffer.data(), buffer.size());
            if (octets < 0 && errno == EINTR) continue;
            if (octets < 0) return dump_error(errno);
            const int state =
                mnl_cb_run(buffer.data(), static_cast<std::size_t>(octets), dump_sequence,
                           mnl_socket_get_portid(&socket), on_dump_message, &call);
            if (state < 0 && errno != ENOENT) return dump_error(errno);
            --count;
        }
        return {};
    }
    static Status receive(mnl_socket& socket, std::vector<char>& buffer, DumpCall call) {
        const unsigned port = mnl_socket_get_portid(&socket);
        for (;;) {
            const ssize_t octets = mnl_socket_recvfrom(&socket, buffer.data(), buffer.size());
            if (octets < 0 && errno == EINTR) continue;
            if (octets < 0) return dump_error(errno);
            const int state = mnl_cb_run(buffer.data(), static_cast<std::size_t>(octets),
                                         dump_sequence, port, on_dump_message, &call);
            if (state == MNL_CB_STOP) return {};
            if (state < 0) return dump_error(errno);
        }
    }
    // An error of a large input repeats the line with each mistake.
    static std::string first_lines(const std::string& text) {
        constexpr std::size_t octets_max = 500;
        return text.size() <= octets_max ? text : text.substr(0, octets_max) + "…";
    }
};

}  // namespace

std::unique_ptr<NftablesHost> nftables_host() { return std::make_unique<KernelNftables>(); }

}  // namespace octroi
