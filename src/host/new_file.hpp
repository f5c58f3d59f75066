// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

// A file that gets its name when it is complete. Until then it is <path>.partial, which the
// destructor removes. Nothing is ever overwritten.
class NewFile {
public:
    // Creates an empty file with mode 0640. Errors: exists (there is a file of this name, or of the
    // partial one), permission, no_space, failed.
    [[nodiscard]] static Result<NewFile> create(const std::string& path);
    NewFile(NewFile&& other) noexcept
        : fd_(std::move(other.fd_)),
          path_(std::exchange(other.path_, {})),
          partial_(std::exchange(other.partial_, {})) {}
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    // Where to write meanwhile.
    [[nodiscard]] const std::string& partial_path() const noexcept { return partial_; }
    // All octets written so far are on the disk afterwards.
    [[nodiscard]] Status sync() const;
    // Syncs the file, gives it its name and syncs the folder. exists: another file has the name
    // now.
    [[nodiscard]] Status commit();

private:
    NewFile(Fd fd, std::string path, std::string partial)
        : fd_(std::move(fd)), path_(std::move(path)), partial_(std::move(partial)) {}

    Fd fd_;
    std::string path_;
    std::string partial_;  // empty: committed, or moved from
};

}  // namespace octroi
