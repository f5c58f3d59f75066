// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/tcx_links.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// include/uapi/linux/bpf.h of Linux 6.6; headers before that do not have them.
constexpr int bpf_tcx_ingress = 46;
constexpr int bpf_tcx_egress = 47;
constexpr std::uint32_t bpf_f_before = 1U << 3U;

Fd open_pin(const TcxLink& link) { return Fd(bpf_obj_get(link.pin.c_str())); }

// The kernel states interface 0 for a link of an interface that is gone.
bool is_at_interface(int fd, int interface) {
    bpf_link_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return false;
    // The interface is the first field of the part for TCX, as of the part for XDP.
    return info.xdp.ifindex == static_cast<std::uint32_t>(interface);
}

std::unexpected<Error> link_failure(const char* what, const TcxLink& link) {
    return os_failure(fmt::format("{} at interface {} (link of TCX)", what, link.interface));
}

}  // namespace

bool is_attached_tcx(const TcxLink& link) {
    const Fd pinned = open_pin(link);
    return pinned.get() >= 0 && is_at_interface(pinned.get(), link.interface);
}

Result<bool> attach_tcx(const TcxLink& link, int program) {
    if (const Fd pinned = open_pin(link); pinned.get() >= 0) {
        if (is_at_interface(pinned.get(), link.interface)) {
            if (bpf_link_update(pinned.get(), program, nullptr) != 0)
                return link_failure("replace a program", link);
            return true;
        }
        (void)::unlink(link.pin.c_str());
    }
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = bpf_f_before;
    const int type = link.hook == TcHook::ingress ? bpf_tcx_ingress : bpf_tcx_egress;
    const Fd made(
        bpf_link_create(program, link.interface, static_cast<bpf_attach_type>(type), &options));
    if (made.get() < 0) {
        if (errno == EINVAL || errno == EOPNOTSUPP) return false;
        return link_failure("attach a program", link);
    }
    if (bpf_obj_pin(made.get(), link.pin.c_str()) != 0) return link_failure("pin a program", link);
    return true;
}

Result<bool> detach_tcx(const TcxLink& link) {
    const Fd pinned = open_pin(link);
    if (pinned.get() < 0) return false;
    const bool was_attached = is_at_interface(pinned.get(), link.interface);
    if (was_attached && bpf_link_detach(pinned.get()) != 0)
        return link_failure("detach a program", link);
    if (::unlink(link.pin.c_str()) != 0) return os_failure("remove " + link.pin);
    return was_attached;
}

}  // namespace octroi
