// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/filesystem.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <filesystem>

#include "host/os_error.hpp"

namespace octroi {
namespace {

// From statfs(2); linux/magic.h of Debian 12 does not define these two.
constexpr long cifs_magic = 0xFF534D42;
constexpr long smb2_magic = 0xFE534D42;

}  // namespace

Result<FileSystem> file_system_of(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    // statfs(2) needs an existing path.
    fs::path at = fs::absolute(path, ignored);
    while (!fs::exists(at, ignored) && at.has_relative_path()) at = at.parent_path();
    struct statfs status{};
    if (::statfs(at.c_str(), &status) != 0) return os_failure("examine the file system of " + path);
    const auto kind = static_cast<long>(status.f_type);
    return FileSystem{
        .free_bytes = static_cast<std::uint64_t>(status.f_bavail) *
                      static_cast<std::uint64_t>(status.f_bsize),
        .in_memory = kind == TMPFS_MAGIC || kind == RAMFS_MAGIC,
        .on_network = kind == NFS_SUPER_MAGIC || kind == SMB_SUPER_MAGIC || kind == cifs_magic ||
                      kind == smb2_magic,
    };
}

}  // namespace octroi
