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

std::string sqlite::canonical_path(const std::string& path) {
    namespace fs = std::filesystem;
    constexpr int links_max = 40;  // as path_resolution(7)
    std::error_code error;
    fs::path file(path);
    for (int link = 0; link < links_max && fs::is_symlink(file, error); ++link) {
        const fs::path target = fs::read_symlink(file, error);
        if (error) return path;
        file = file.parent_path() / target;
    }
    const fs::path folder = fs::canonical(fs::absolute(file, error).parent_path(), error);
    return error ? path : (folder / file.filename()).string();
}

}  // namespace octroi
