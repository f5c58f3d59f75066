// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A folder that only Octroi writes to, locked by one process at a time.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

class OwnFolder {
public:
    // Locks the folder. Creates it and its parents if they do not exist; a new folder has mode
    // 0700. Errors: busy (another process has locked it), permission, failed.
    [[nodiscard]] static Result<OwnFolder> open(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
    // The names of its regular files (a symbolic link is none), without the lock file, sorted by
    // octets.
    [[nodiscard]] Result<std::vector<std::string>> names() const;
    // Appends to a file without a sync: a power cut may undo it.
    [[nodiscard]] Status append(const std::string& name, std::string_view text) const;
    // Another name for the folder itself, in an existing folder. It stays locked.
    [[nodiscard]] Status rename_to(const std::string& path);
    // A file that does not exist is not an error.
    [[nodiscard]] Status remove(const std::string& name) const;
    // Renames a damaged file to <name>.damaged, so that it is not read again but can be examined.
    // Overwrites an older one.
    [[nodiscard]] Status set_aside(const std::string& name) const;

private:
    OwnFolder(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    Fd lock_;  // flock(2): the kernel releases it when the process ends
};

}  // namespace octroi
