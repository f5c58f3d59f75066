// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace octroi {

struct FileSystem {
    std::uint64_t free_bytes = 0;  // for this user
    bool in_memory = false;        // tmpfs, ramfs: gone with the next boot
    bool on_network = false;       // NFS, SMB: locking and syncing are not to be relied on
};

// Of the nearest existing folder above `path`.
[[nodiscard]] Result<FileSystem> file_system_of(const std::string& path);

}  // namespace octroi
