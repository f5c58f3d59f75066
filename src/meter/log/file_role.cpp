// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/file_role.hpp"

namespace octroi::logs {
namespace {

Result<bool> is_file(file::Stream& stream, const FileStatus& status, const SeenFile& known) {
    // A file system uses the inode of a removed file again.
    if (!known.is_inode_of(status) && known.head_length < SeenFile::head_max) return false;
    return begins_like(stream, known);
}

}  // namespace

Result<FileRole> role_of(file::Stream& stream, const FileStatus& status, const FollowState& state) {
    if (state.present) {
        TRY_ASSIGN(const bool is_like, is_file(stream, status, *state.present));
        if (is_like) {
            TRY_ASSIGN(const Likeness likeness, compare(stream, *state.present));
            return likeness == Likeness::same ? FileRole::present : FileRole::earlier;
        }
    }
    for (const SeenFile& known : state.earlier) {
        TRY_ASSIGN(const bool is_like, is_file(stream, status, known));
        if (is_like) return FileRole::earlier;
    }
    for (const SeenHead& head : state.finished) {
        if (head.length < SeenFile::head_max) continue;
        TRY_ASSIGN(const bool is_like, begins_like(stream, head));
        if (is_like) return FileRole::earlier;
    }
    return FileRole::none;
}

}  // namespace octroi::logs
