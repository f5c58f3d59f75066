// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The files of a system below a folder: "/" is this machine; another folder is a container, a
// chroot, or the mounted disk of a machine that does not run. Reads only. Any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace octroi {

class RootedFiles {
public:
    // The folder need not exist: then no file does.
    explicit RootedFiles(std::string root = "/");

    // Errors: not_found (there is no such folder), permission, failed.
    [[nodiscard]] Status check_root() const;

    // path, here and below: absolute, as the system itself sees it. Below another root symbolic
    // links stay within it (openat2(2), RESOLVE_IN_ROOT): an absolute link of a container points
    // into the container.
    //
    // The content of a regular file of at most `limit` octets. Errors: not_found, permission,
    // over_limit, failed (a folder, a FIFO).
    [[nodiscard]] Result<std::string> read(const std::string& path, std::size_t limit) const;
    // The same, of a longer file its first `octets`.
    [[nodiscard]] Result<std::string> read_begin(const std::string& path, std::size_t octets) const;
    [[nodiscard]] bool exists(const std::string& path) const;
    // Whether the file or folder, of a link its target, belongs to root or to the owner of the root
    // folder (that is the root of a container with other numbers for its users), and neither
    // another group nor everybody may write it. False where it cannot be examined.
    [[nodiscard]] bool only_root_writes(const std::string& path) const;
    // The paths that match a pattern of the shell (host/found_files.hpp), sorted; none where a
    // folder cannot be read.
    [[nodiscard]] std::vector<std::string> matching(const std::string& pattern) const;

private:
    std::string root_;  // without '/' at its end; of this machine empty
};

}  // namespace octroi
