// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/folder_sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {

Status sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const Fd directory(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0)
        return os_failure("sync the folder of " + path);
    return {};
}

}  // namespace octroi
