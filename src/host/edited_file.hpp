// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"

namespace octroi {

// A file of the user that several commands may change at the same time: each reads it, and replaces
// it before the next one reads it. Readers need no lock: they see the old content or the new one.
//
// The lock is flock(2) on the file ".<name>.lock" beside it, which stays. The file itself cannot be
// locked, because each change replaces it. An editor does not know the lock: replace() finds its
// change.
class EditedFile {
public:
    // Waits for the lock, at most `patience`. Symbolic links in the path are followed. The file
    // need not exist. Errors: busy (another process has the lock for longer), permission, not_found
    // (the folder does not exist).
    [[nodiscard]] static Result<EditedFile> open(const std::string& path, Duration patience);

    // Where the file is, without symbolic links.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // The content; empty where there is no file. Errors: those of read_file().
    [[nodiscard]] Result<std::string> read(std::size_t limit) const;
    // Replaces the content `before`, which read() has returned, atomically: after a crash or a
    // power cut the file has the old or the new content as a whole. It keeps its owner, group and
    // mode; a new file has mode 0640. On return the new content is on the disk. Errors: conflict
    // (another program has changed the file since), permission (the owner cannot be kept),
    // no_space, failed.
    [[nodiscard]] Status replace(std::string_view before, std::string_view content) const;

private:
    EditedFile(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    Fd lock_;  // the kernel releases it when the process ends
};

}  // namespace octroi
