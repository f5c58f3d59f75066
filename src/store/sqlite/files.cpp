// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/files.hpp"

#include <filesystem>

namespace octroi {

std::optional<std::uint64_t> sqlite_files_octets(const std::string& path) {
    std::error_code error;
    const std::uint64_t database = std::filesystem::file_size(path, error);
    if (error) return std::nullopt;
    const std::uint64_t log = std::filesystem::file_size(path + "-wal", error);
    return error ? database : database + log;
}

}  // namespace octroi
