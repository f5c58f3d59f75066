// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/tc_filters.hpp"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "host/netlink_socket.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

bpf_tc_hook hook_of(int interface, int points) {
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = interface;
    hook.attach_point = static_cast<bpf_tc_attach_point>(points);
    return hook;
}

bpf_tc_hook hook_of(const TcFilter& filter) {
    return hook_of(filter.interface,
                   filter.hook == TcHook::ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
}

bpf_tc_opts options_of(const TcFilter& filter) {
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = filter.handle;
    options.priority = filter_priority;
    return options;
}

std::unexpected<Error> tc_failure(int error, const std::string& what) {
    errno = -error;
    return os_failure(what);
}

int count_filter(const nlmsghdr* message, void* filters) {
    if (message->nlmsg_type == RTM_NEWTFILTER) ++*static_cast<std::uint32_t*>(filters);
    return MNL_CB_OK;
}

// Entries of the kernel's answer: a priority has one without a handle too.
Result<std::uint32_t> filters_at(int interface, std::uint32_t parent) {
    const NetlinkSocket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
        return os_failure("open a netlink socket");
    alignas(nlmsghdr) std::array<char, 16'384> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETTFILTER;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    const auto sequence = static_cast<unsigned>(std::time(nullptr));
    request->nlmsg_seq = sequence;
    auto* head = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
    head->tcm_family = AF_UNSPEC;
    head->tcm_ifindex = interface;
    head->tcm_parent = parent;
    if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
        return os_failure("list the filters of tc");
    std::uint32_t filters = 0;
    for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
        const auto size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (size < 0) return os_failure("list the filters of tc");
        more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence,
                          mnl_socket_get_portid(socket.get()), count_filter, &filters);
        if (more < 0) return os_failure("list the filters of tc");
    }
    return filters;
}

}  // namespace

Result<bool> add_clsact(int interface) {
    bpf_tc_hook hook = hook_of(interface, BPF_TC_INGRESS);
    const int added = bpf_tc_hook_create(&hook);
    if (added == 0) return true;
    if (added == -EEXIST) return false;
    return tc_failure(added, fmt::format("add the clsact discipline to interface {}", interface));
}

std::uint32_t program_at(const TcFilter& filter) {
    const bpf_tc_hook hook = hook_of(filter);
    bpf_tc_opts options = options_of(filter);
    return bpf_tc_query(&hook, &options) == 0 ? options.prog_id : 0;
}

Status attach_program(const TcFilter& filter, int program) {
    const bpf_tc_hook hook = hook_of(filter);
    bpf_tc_opts options = options_of(filter);
    options.prog_fd = program;
    options.flags = BPF_TC_F_REPLACE;
    if (const int outcome = bpf_tc_attach(&hook, &options); outcome != 0)
        return tc_failure(outcome, fmt::format("attach a program to interface {} (tc filter of "
                                               "priority {})",
                                               filter.interface, filter_priority));
    return {};
}

Result<bool> detach_program(const TcFilter& filter) {
    const bpf_tc_hook hook = hook_of(filter);
    const bpf_tc_opts options = options_of(filter);
    const int outcome = bpf_tc_detach(&hook, &options);
    if (outcome == 0) return true;
    // ENODEV: the interface is gone. EINVAL: it has no clsact discipline.
    if (outcome == -ENOENT || outcome == -ENODEV || outcome == -EINVAL) return false;
    return tc_failure(outcome, fmt::format("detach the program of interface {}", filter.interface));
}

Result<bool> remove_unused_clsact(int interface) {
    for (const std::uint32_t minor : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        const auto filters = filters_at(interface, TC_H_MAKE(TC_H_CLSACT, minor));
        if (!filters) return std::unexpected(filters.error());
        if (*filters > 0) return false;
    }
    bpf_tc_hook hook = hook_of(interface, BPF_TC_INGRESS | BPF_TC_EGRESS);
    return bpf_tc_hook_destroy(&hook) == 0;
}

}  // namespace octroi
