// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/control_groups.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {

Result<std::string> control_group_root() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string device;
        std::string path;
        std::string type;
        if (fields >> device >> path >> type && type == "cgroup2") return path;
    }
    return fail(ErrorCode::unsupported,
                "control groups of version 2 are not mounted: the traffic of users and services "
                "cannot be counted; next: mount -t cgroup2 none /sys/fs/cgroup");
}

Result<std::map<std::uint64_t, std::string>> control_groups() {
    const auto root = control_group_root();
    if (!root) return std::unexpected(root.error());
    std::map<std::uint64_t, std::string> groups;
    const auto add = [&](const std::string& path) {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) return;
        const std::string below = path.substr(root->size());
        groups.emplace(status.st_ino, below.empty() ? "/" : below);
    };
    add(*root);
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(*root, error);
    for (const std::filesystem::recursive_directory_iterator end; !error && at != end;
         at.increment(error))
        if (std::error_code gone; at->is_directory(gone)) add(at->path().string());
    return groups;
}

Status attach_at_sockets(SocketHook hook, int program, const std::string& pin) {
    if (const Fd pinned(bpf_obj_get(pin.c_str())); pinned.get() >= 0) {
        if (bpf_link_update(pinned.get(), program, nullptr) != 0)
            return os_failure("replace the program at the control groups");
        return {};
    }
    const auto root = control_group_root();
    if (!root) return std::unexpected(root.error());
    const Fd group(::open(root->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (group.get() < 0) return os_failure("open " + *root);
    const bpf_attach_type type =
        hook == SocketHook::receive ? BPF_CGROUP_INET_INGRESS : BPF_CGROUP_INET_EGRESS;
    const Fd link(bpf_link_create(program, group.get(), type, nullptr));
    if (link.get() < 0) return os_failure("attach a program to the control groups in " + *root);
    if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return os_failure("pin " + pin);
    return {};
}

Result<bool> detach_from_sockets(const std::string& pin) {
    const Fd link(bpf_obj_get(pin.c_str()));
    if (link.get() < 0) return false;
    if (bpf_link_detach(link.get()) != 0)
        return os_failure("detach the program at the control groups");
    if (::unlink(pin.c_str()) != 0) return os_failure("remove " + pin);
    return true;
}

}  // namespace octroi
