// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The earlier files of a log: those that rotation has renamed, copied or compressed, in the folder
// of the log and in the folder for rotated files. One thread. Looks at the file system only in
// members() and find(); they are called when a log was rotated, not at every poll.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/file.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/seen_file.hpp"

namespace octroi::logs {

class LogFamily {
public:
    struct Member {
        std::string path;
        FileStatus status;
    };
    struct Found {
        Member member;
        Likeness likeness = Likeness::other;  // same, shorter or unknown
        // At the offset of the file if it is the same, else anywhere.
        std::unique_ptr<file::Stream> stream;
    };
    // Whether a path is a log that is followed for itself, and so no earlier file of another one.
    using IsLog = std::function<bool(const std::string& path)>;

    // path: of the log, absolute. old_folder: the folder for rotated files, absolute or relative to
    // that of the log; empty: there is none. is_log: must outlive this object's calls.
    LogFamily(std::string path, const std::string& old_folder, IsLog is_log);

    // The regular files, without the log itself and without empty files, the one that was modified
    // first comes first. Files that disappear meanwhile are left out.
    [[nodiscard]] std::vector<Member> members() const;
    // The file with the octets that were read of `lost`. A file of which nothing was read is found
    // by its inode only. not_this: the inode of the log itself, which is left out. nullopt: there
    // is none.
    [[nodiscard]] std::optional<Found> find(const SeenFile& lost, const FileStatus* not_this) const;

private:
    void add_members(const std::string& folder, std::vector<Member>& members) const;

    std::string path_;
    std::string name_;
    std::vector<std::string> folders_;
    IsLog is_log_;
};

}  // namespace octroi::logs
