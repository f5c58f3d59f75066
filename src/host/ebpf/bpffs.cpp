// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/bpffs.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cerrno>
#include <filesystem>

#include "host/os_error.hpp"

namespace octroi {
namespace {

bool is_bpffs(const std::string& path) {
    struct statfs found{};
    return ::statfs(path.c_str(), &found) == 0 &&
           static_cast<std::uint64_t>(found.f_type) == BPF_FS_MAGIC;
}

}  // namespace

Status mount_bpffs(const std::string& path) {
    if (is_bpffs(path)) return {};
    std::error_code ignored;
    std::filesystem::create_directories(path, ignored);
    if (::mount("bpf", path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
        return {};
    auto failure = os_failure("mount bpffs on " + path);
    failure.error().text += fmt::format(
        ": the counts could not stay in the kernel while octroi is down; next: start octroi as "
        "root, or mount -t bpf bpf {}",
        path);
    return failure;
}

Status make_pin_folder(const std::string& bpffs, const std::string& folder) {
    std::string path = bpffs;
    for (std::size_t at = 0; at <= folder.size();) {
        const std::size_t slash = std::min(folder.find('/', at), folder.size());
        path += "/" + folder.substr(at, slash - at);
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
            return os_failure("create the folder " + path);
        at = slash + 1;
    }
    return {};
}

}  // namespace octroi
