// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Whether a file at a path that is not followed is one of the files of a log that is: another name,
// a copy, or the file itself behind a renamed folder. Any thread.

#include <cstdint>

#include "base/result.hpp"
#include "host/file.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/followed_log.hpp"

namespace octroi::logs {

enum class FileRole : std::uint8_t {
    none,     // no file of the log, as far as the content says
    present,  // the present one, with the octets that were read
    earlier,  // another one, or a copy that is not complete
};

// stream: of the file; moves. status: of the same file. A file with another inode is recognised
// only if its first SeenFile::head_max octets are known: short logs of two servers may begin alike.
// Errors: those of Stream.
[[nodiscard]] Result<FileRole> role_of(file::Stream& stream, const FileStatus& status,
                                       const FollowState& state);

}  // namespace octroi::logs
