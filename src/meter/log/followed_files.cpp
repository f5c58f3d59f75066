// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/followed_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "meter/file/stream.hpp"
#include "meter/log/log_cursor.hpp"

namespace octroi::logs {
namespace {

std::unexpected<Error> refused(const std::string& path, const std::string& log) {
    return fail(
        ErrorCode::conflict,
        fmt::format("{} is a file of the log {}, which a meter follows or has followed: its "
                    "lines would count twice; next: import files from before that only",
                    path, log));
}

}  // namespace

Status refuse_followed(const std::string& path, std::span<const Cursor> cursors) {
    const auto is_followed = [](const Cursor& cursor) {
        return cursor.source.starts_with(followed_source_prefix);
    };
    if (path == "-" || std::ranges::none_of(cursors, is_followed)) return {};
    TRY_ASSIGN(file::Stream stream, file::Stream::open(path));
    if (!stream.reopens()) return {};
    for (const Cursor& cursor : cursors) {
        if (!is_followed(cursor)) continue;
        TRY_ASSIGN(const LogPosition position, LogPosition::parse(cursor.position));
        std::vector<SeenFile> files = position.state.earlier;
        if (position.state.present) files.push_back(*position.state.present);
        for (const SeenFile& each : files) {
            // Files that existed before the log was followed were not read.
            if (each.offset == 0) continue;
            TRY_ASSIGN(const bool is_like, begins_like(stream, each));
            if (is_like) return refused(path, position.path);
        }
        for (const SeenHead& each : position.state.finished) {
            if (!each.was_read) continue;
            TRY_ASSIGN(const bool is_like, begins_like(stream, each));
            if (is_like) return refused(path, position.path);
        }
    }
    return {};
}

}  // namespace octroi::logs
