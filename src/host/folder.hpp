// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A folder of Octroi's own, used by one process at a time.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

class OwnFolder {
public:
    // Makes the folder (and those above it) where it is missing, for its owner only, and locks it.
    // busy: another process uses it.
    [[nodiscard]] static Result<OwnFolder> open(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
    // Names of the plain files in it, the lock left out, sorted.
    [[nodiscard]] Result<std::vector<std::string>> names() const;
    [[nodiscard]] Status remove(const std::string& name) const;
    // Keeps a damaged file under a name that nobody looks for: name + ".damaged".
    [[nodiscard]] Status set_aside(const std::string& name) const;

private:
    OwnFolder(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    Fd lock_;  // the kernel gives it back when the process ends
};

}  // namespace octroi
