// SPDX-License-Identifier: GPL-3.0-or-later
// The part of FollowedLog that finds earlier files.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/log_limit.hpp"
#include "meter/log/followed_log.hpp"

namespace octroi::logs {
namespace {

constinit LimitedLog unopened_file("log_earlier_unreadable");
constinit LimitedLog lost_file("log_earlier_lost");

}  // namespace

// ---- The first start

// Earlier files that exist already are read only where the user names them. The others were written
// before the log was followed.
Status FollowedLog::begin_first(Pass& pass) {
    remember_existing();
    add_unseen(pass);
    if (!pass.status) return {};
    start_present(*pass.status);
    Status skipped = skip_imported(*present_);
    if (skipped) return {};
    // Without the answer lines that were imported would count twice.
    earlier_.clear();
    present_.reset();
    finished_.clear();
    held_.reset();
    floor_ = UtcTime::min();
    return skipped;
}

// Sets the floor below the files that are wanted, and remembers those that are not.
void FollowedLog::remember_existing() {
    constexpr std::size_t looked_at = 64;
    const auto members = family_.members();
    const auto wanted = std::ranges::find_if(
        members, [&](const LogFamily::Member& member) { return is_wanted_(member.path); });
    const bool has_wanted = wanted != members.end();
    if (!members.empty()) floor_ = members.back().status.modified;
    if (has_wanted) floor_ = wanted->status.modified - Duration{1};
    const std::size_t most = has_wanted ? heads_max : looked_at;
    for (std::size_t i = members.size() - std::min(members.size(), most); i < members.size(); ++i) {
        if (is_wanted_(members[i].path)) continue;
        auto stream = file::Stream::open_regular(members[i].path);
        Source source{unread_file(members[i].status), members[i].path};
        source.log_file.finished = true;
        source.log_file.has_rest = false;
        if (stream && note_head(*stream, source.log_file)) earlier_.push_back(std::move(source));
    }
}

// The ledger has the lines of an imported part.
Status FollowedLog::skip_imported(Source& source) const {
    TRY_ASSIGN(const ImportedPart part, find_imported_(source.path));
    if (part.offset == 0) return {};
    TRY_ASSIGN(file::Stream stream, file::Stream::open_regular(source.path));
    SeenFile seen = source.log_file;
    TRY(note_head(stream, seen));
    seen.offset = part.offset;
    seen.lines = part.lines;
    TRY(note_tail(stream, seen));
    source.log_file = seen;
    return {};
}

void FollowedLog::find_earlier(Pass& pass, Source& source) {
    SeenFile& log_file = source.log_file;
    auto found = family_.find(log_file, nullptr);
    if (found && found->likeness != Likeness::shorter) return use(source, std::move(*found));
    log_file.finished = true;
    // A file that was read to its end lacks nothing: only a server that had not opened its log
    // again could write more to it. One of which nothing was read is found by add_unseen().
    const bool has_rest = log_file.has_rest && log_file.head_length > 0;
    if (has_rest || (!found && log_file.size > log_file.offset)) add_loss(pass, log_file);
}

// ---- Files that were never seen

// Earlier files of which nothing was ever read: the log was rotated more than once since the last
// poll, or since the daemon ran last. The one that was modified first comes first.
void FollowedLog::add_unseen(Pass& pass) {
    note_heads(pass);
    std::vector<LogFamily::Member> members = family_.members();
    note_paths(members);
    look_at_finished(pass);
    held_.reset();
    is_full_ = false;
    next_unseen_ = pass.moment.uptime + look_again;
    bool is_failing = false;
    UtcTime newest = floor_;
    for (LogFamily::Member& member : members) {
        const UtcTime modified = member.status.modified;
        if (modified <= floor_ || is_open(member.status)) continue;
        is_full_ = unread_count() >= unread_max;
        if (is_full_) {
            held_ = std::min(held_.value_or(modified), modified);
            break;
        }
        const auto taken = add_unseen_file(pass, member);
        if (!taken) {
            is_failing = true;
            hold(pass, member, taken.error());
            continue;
        }
        newest = std::max(newest, modified);
        if (*taken && !pass.is_first) ++counts_.rotations;
    }
    if (!is_failing) failing_since_.reset();
    raise_floor(newest);
    sort_earlier();
}

Result<bool> FollowedLog::add_unseen_file(Pass& pass, LogFamily::Member& member) {
    const auto is_untouched = [&](const Source& source) {
        return source.log_file.head_length == 0 && source.log_file.is_inode_of(member.status);
    };
    if (std::ranges::any_of(earlier_, is_untouched) || (present_ && is_untouched(*present_)))
        return false;
    TRY_ASSIGN(auto stream, file::Stream::open_regular(member.path));
    TRY_ASSIGN(const bool known, is_known(stream));
    if (known) return false;
    TRY_ASSIGN([[maybe_unused]] const bool rewound, stream.move_to(0));
    Source source{unread_file(member.status), member.path};
    TRY(note_head(stream, source.log_file));
    if (source.log_file.head_length == 0) return false;
    TRY(skip_imported(source));
    const bool is_present_used = pass.status && pass.status->size > 0;
    const Duration rest =
        is_present_used ? options_.finish_after : std::max(options_.finish_after, finish_unused);
    source.is_complete = pass.moment.time - member.status.modified >= rest;
    if (stream.seeks()) {
        auto opened = File::open_regular(source.path);
        if (opened) source.file = *std::move(opened);
    }
    // A compressed one is opened when its turn comes: it takes memory.
    earlier_.push_back(std::move(source));
    return true;
}

// The file stays above the floor, so that it is tried again; for a day.
void FollowedLog::hold(Pass& pass, const LogFamily::Member& member, const Error& error) {
    unopened_file.warning(
        [&] { return fmt::format("{}: {}; it is tried again", path_, error.text); });
    if (!failing_since_) failing_since_ = pass.moment.uptime;
    if (pass.moment.uptime - *failing_since_ < finish_unused) {
        held_ = std::min(held_.value_or(member.status.modified), member.status.modified);
        return;
    }
    lost_file.warning([&] {
        return fmt::format("{}: {}; it could not be read for a day: its lines are a loss", path_,
                           error.text);
    });
    Source source{unread_file(member.status), member.path};
    add_loss(pass, source.log_file);
    source.log_file.finished = true;
    earlier_.push_back(std::move(source));
}

bool FollowedLog::is_unseen_due(const Pass& pass) const {
    return has_space_for_unseen() || (held_ && pass.moment.uptime >= next_unseen_);
}

bool FollowedLog::has_space_for_unseen() const { return is_full_ && unread_count() < unread_max; }

std::size_t FollowedLog::unread_count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(earlier_, [](const Source& s) { return !s.log_file.finished; }));
}

// Whether it is one of the files that are remembered, or a copy of one.
Result<bool> FollowedLog::is_known(file::Stream& stream) const {
    for (const Source& source : earlier_) {
        TRY_ASSIGN(const bool is_like, begins_like(stream, source.log_file));
        if (is_like) return true;
    }
    if (present_) {
        TRY_ASSIGN(const bool is_like, begins_like(stream, present_->log_file));
        if (is_like) return true;
    }
    for (const SeenHead& head : finished_) {
        TRY_ASSIGN(const bool is_like, begins_like(stream, head));
        if (is_like) return true;
    }
    return false;
}

// Of open files of which nothing was read: a copy of one may have another inode.
void FollowedLog::note_heads(Pass& pass) {
    const auto note = [&](Source& source) -> Status {
        SeenFile& log_file = source.log_file;
        if (source.file == nullptr || log_file.offset > 0) return {};
        TRY_ASSIGN(auto same_file, source.file->duplicate());
        TRY(pass.stream.read_plain(std::move(same_file)));
        log_file.modified = pass.stream.status().modified;
        log_file.head_length = 0;
        return note_head(pass.stream, log_file);
    };
    // What cannot be read now fails again, with a message, when its lines are read.
    for (Source& source : earlier_)
        if (!source.log_file.finished) static_cast<void>(note(source));
    if (present_) static_cast<void>(note(*present_));
}

// Rotation renames files.
void FollowedLog::note_paths(const std::vector<LogFamily::Member>& members) {
    for (Source& source : earlier_) {
        const auto at = std::ranges::find_if(members, [&](const LogFamily::Member& member) {
            return source.log_file.is_inode_of(member.status);
        });
        if (at != members.end()) source.path = at->path;
    }
}

// The inode of an open file is in use by that file, whatever its name.
bool FollowedLog::is_open(const FileStatus& status) const {
    const auto is_inode = [&](const Source& source) {
        if (source.file == nullptr) return false;
        const auto opened = source.file->status();
        return opened && opened->device == status.device && opened->inode == status.inode;
    };
    return (present_ && is_inode(*present_)) || std::ranges::any_of(earlier_, is_inode);
}

void FollowedLog::raise_floor(UtcTime modified) {
    if (held_) modified = std::min(modified, *held_ - Duration{1});
    floor_ = std::max(floor_, modified);
}

// ---- Finished files

void FollowedLog::look_at_finished(Pass& pass) {
    next_look_ = pass.moment.uptime + std::max(options_.finish_after, look_again);
    for (Source& source : earlier_) {
        go_on_if_grown(pass, source);
        go_on_if_compressed(pass, source);
    }
}

// A server that restarts gracefully writes to the file before until its long transfers are over.
void FollowedLog::go_on_if_grown(Pass& pass, Source& source) {
    SeenFile& log_file = source.log_file;
    // Files that existed before the log was followed have no offset.
    if (!log_file.finished || log_file.offset == 0) return;
    const auto status = status_of(source.path);
    if (!status || !log_file.is_inode_of(*status) || status->size <= log_file.offset ||
        log_file.is_unchanged(*status) || (present_ && present_->log_file.is_inode_of(*status)))
        return;
    auto opened = File::open_regular(source.path);
    if (!opened) return;
    source.file = *std::move(opened);
    const auto now = source.file->status();
    if (!now || !log_file.is_inode_of(*now) || !open_plain(pass.stream, source).value_or(false)) {
        source.file.reset();
        return;
    }
    log_file.finished = false;
    log_file.has_rest = true;
    source.has_more = true;
    source.is_complete = false;
    source.unchanged_since.reset();
}

// It may have grown between the last look at it and its compression. One look at the compressed
// file is enough: nobody appends to it.
void FollowedLog::go_on_if_compressed(Pass& pass, Source& source) {
    SeenFile& log_file = source.log_file;
    if (source.is_compressed_known || !log_file.finished || log_file.offset == 0) return;
    const auto status = status_of(source.path);
    if (status && log_file.is_inode_of(*status)) return;
    auto found = family_.find(log_file, pass.status ? &*pass.status : nullptr);
    if (!found || found->likeness != Likeness::same) return;
    if (found->stream->seeks()) {
        source.path = std::move(found->member.path);
        return;
    }
    // After an error of the read the next look tries again: the lines that grew would be lost.
    if (!found->stream->fill(1)) return;
    source.is_compressed_known = true;
    if (found->stream->unread().empty()) return;
    use(source, *std::move(found));
    log_file.finished = false;
    log_file.has_rest = true;
}

// The oldest ones first. Of those that were read the head is remembered.
void FollowedLog::drop_finished(Pass& pass) {
    std::size_t finished = earlier_.size() - unread_count();
    for (auto at = earlier_.begin(); at != earlier_.end() && finished > finished_max;) {
        if (at->log_file.finished) go_on_if_grown(pass, *at);
        if (at->log_file.finished) go_on_if_compressed(pass, *at);
        if (!at->log_file.finished) {
            ++at;
            continue;
        }
        if (at->log_file.head_length > 0) finished_.push_back(head_of(at->log_file));
        at = earlier_.erase(at);
        --finished;
    }
    while (earlier_.size() > earlier_max) {
        SeenFile& oldest = earlier_.front().log_file;
        if (oldest.has_rest || oldest.size > oldest.offset) add_loss(pass, oldest);
        if (oldest.head_length > 0) finished_.push_back(head_of(oldest));
        earlier_.erase(earlier_.begin());
    }
    if (finished_.size() > heads_max)
        finished_.erase(finished_.begin(),
                        finished_.end() - static_cast<std::ptrdiff_t>(heads_max));
}

}  // namespace octroi::logs
