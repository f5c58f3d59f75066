// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi {

struct FileSystem {
    std::uint64_t free_bytes = 0;  // available to this user, without reserved blocks
    bool in_memory = false;        // tmpfs, ramfs: lost with the next boot
    bool on_network = false;       // NFS, SMB: locks and syncs may not hold what they promise
};

// The file system of `path`. If `path` does not exist: of its nearest folder that does.
[[nodiscard]] Result<FileSystem> file_system_of(const std::string& path);

}  // namespace octroi
