// SPDX-License-Identifier: GPL-3.0-or-later
// The part of FollowedLog that reads lines.
#include <algorithm>
#include <utility>

#include "host/log_limit.hpp"
#include "meter/log/followed_log.hpp"

namespace octroi::logs {
namespace {

constinit LimitedLog unreadable_file("log_file_unreadable");

}  // namespace

Result<bool> FollowedLog::open_plain(file::Stream& stream, Source& source) {
    TRY_ASSIGN(auto same_file, source.file->duplicate());
    TRY(stream.read_plain(std::move(same_file)));
    SeenFile& log_file = source.log_file;
    TRY_ASSIGN(const bool reached, stream.move_to(log_file.offset));
    if (!reached) return false;
    if (log_file.offset > 0 && stream.tail() != log_file.tail) return false;
    if (log_file.offset == 0) log_file.head_length = 0;
    TRY(note_head(stream, log_file));
    return true;
}

Status FollowedLog::read_present(Pass& pass) {
    if (!present_) return {};
    Source& source = *present_;
    if (source.file == nullptr) {
        // The path is gone, or another file since the look at it: the next call sees that.
        if (!pass.status || !source.log_file.is_inode_of(*pass.status)) return {};
        auto opened = File::open_regular(path_);
        if (!opened && opened.error().code == ErrorCode::not_found) return {};
        if (!opened) return std::unexpected(std::move(opened.error()));
        TRY_ASSIGN(const FileStatus status, (*opened)->status());
        if (!source.log_file.is_inode_of(status)) return {};
        source.file = *std::move(opened);
    }
    // A log that rests costs the stat(2) of its path only.
    FileStatus status;
    if (pass.status && source.log_file.is_inode_of(*pass.status)) {
        status = *pass.status;
    } else {
        TRY_ASSIGN(status, source.file->status());
    }
    if (source.log_file.is_unchanged(status) && !source.has_more) return {};
    TRY_ASSIGN(const bool is_same, open_plain(pass.stream, source));
    if (!is_same) {
        on_truncated(pass);
        if (!pass.status || !source.log_file.is_inode_of(*pass.status)) move_present_to_earlier();
        pass.has_more = true;  // the rest of the copy comes first
        return {};
    }
    TRY_ASSIGN([[maybe_unused]] const bool at_end,
               read_lines(pass, source, pass.stream, status, false));
    raise_floor(status.modified);
    return {};
}

void FollowedLog::read_earlier(Pass& pass) {
    for (std::size_t i = 0; i < earlier_.size() && !pass.has_more; ++i) {
        Source& source = earlier_[i];
        if (source.log_file.finished) continue;
        const Status done =
            source.file != nullptr ? read_plain(pass, source) : read_compressed(pass, source);
        if (done) {
            source.failing_since.reset();
            continue;
        }
        // It may pass: too many open files, a file system that comes back.
        unreadable_file.warning([&] { return done.error().text; });
        if (!source.failing_since) source.failing_since = pass.moment.uptime;
        if (pass.moment.uptime - *source.failing_since < options_.finish_after) continue;
        add_loss(pass, source.log_file);
        finish(source);
    }
}

Status FollowedLog::read_plain(Pass& pass, Source& source) {
    TRY_ASSIGN(const FileStatus status, source.file->status());
    const bool is_unchanged = source.log_file.is_unchanged(status) && !source.has_more;
    const bool is_last = source.is_complete || (is_unchanged && has_rested(pass, source));
    if (is_unchanged && !is_last) return {};
    if (!is_unchanged) source.unchanged_since.reset();
    TRY_ASSIGN(const bool is_same, open_plain(pass.stream, source));
    if (!is_same) {
        // It was written over behind its rotation.
        add_loss(pass, source.log_file);
        finish(source);
        return {};
    }
    TRY_ASSIGN(const bool at_end, read_lines(pass, source, pass.stream, status, is_last));
    if (at_end && is_last) finish(source);
    return {};
}

Status FollowedLog::read_compressed(Pass& pass, Source& source) {
    if (source.stream == nullptr && !find_compressed(pass, source)) return {};
    if (source.stream == nullptr) return {};  // it is plain again; the next call reads it
    const FileStatus status = source.stream->status();
    TRY_ASSIGN(bool at_end, read_lines(pass, source, *source.stream, status, false));
    if (!at_end) return {};
    if (!source.stream->damage().empty()) {
        // It may be the output of a program that is not finished.
        source.stream.reset();
        return {};
    }
    TRY_ASSIGN(at_end, read_lines(pass, source, *source.stream, status, true));
    finish(source);
    return {};
}

// A file that was cut off when it was read last. False: there is nothing to read now.
bool FollowedLog::find_compressed(Pass& pass, Source& source) {
    const auto status = status_of(source.path);
    if (source.has_more || !status || !source.log_file.is_unchanged(*status)) {
        auto found = family_.find(source.log_file, pass.status ? &*pass.status : nullptr);
        if (found && found->likeness == Likeness::same) {
            use(source, std::move(*found));
            return true;
        }
    }
    if (has_rested(pass, source)) {
        add_loss(pass, source.log_file);
        finish(source);
    }
    return false;
}

Result<bool> FollowedLog::read_lines(Pass& pass, Source& source, file::Stream& stream,
                                     const FileStatus& status, bool with_rest) {
    SeenFile& log_file = source.log_file;
    const LineOrigin origin{source.path, status.modified};
    const auto hand_over = [&](const file::Line& line) {
        pass.sink.on_line(line, origin);
        ++counts_.lines;
        counts_.octets += line.text.size() + 1;
        pass.budget -= std::min(pass.budget, line.text.size() + 1);
    };
    file::LineReader reader(stream, options_.line_octets_max, log_file.lines);
    bool at_end = false;
    while (pass.budget > 0) {
        TRY_ASSIGN(const auto line, reader.next());
        at_end = !line.has_value();
        if (at_end) break;
        hand_over(*line);
        log_file.offset = stream.position();
        log_file.lines = reader.lines();
    }
    counts_.cut_lines += reader.cut_lines();
    if (at_end && with_rest) {
        if (const auto rest = reader.rest()) {
            hand_over(*rest);
            ++log_file.lines;
            log_file.offset = stream.position() + stream.unread().size();
        }
    }
    TRY(note_tail(stream, log_file));
    if (at_end) {
        log_file.size = status.size;
        log_file.modified = status.modified;
    }
    source.has_more = log_file.has_rest = !at_end;
    pass.has_more = pass.has_more || !at_end;
    return at_end;
}

// Whether the file has been unchanged for finish_after. A server that has written nothing to the
// present file may not have opened it: it gets more time.
bool FollowedLog::has_rested(const Pass& pass, Source& source) const {
    if (!source.unchanged_since) source.unchanged_since = pass.moment.uptime;
    const bool is_present_used = present_ && present_->log_file.size > 0;
    const Duration time =
        is_present_used ? options_.finish_after : std::max(options_.finish_after, finish_unused);
    return pass.moment.uptime - *source.unchanged_since >= time;
}

void FollowedLog::finish(Source& source) {
    source.log_file.finished = true;
    source.file.reset();
    source.stream.reset();
    raise_floor(source.log_file.modified);
}

}  // namespace octroi::logs
