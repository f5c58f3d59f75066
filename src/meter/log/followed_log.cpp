// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/followed_log.hpp"

#include <algorithm>
#include <utility>

namespace octroi::logs {

FollowedLog::FollowedLog(std::string path, FollowOptions options, LogFamily::IsLog is_log,
                         LogFamily::IsLog is_wanted, FindImported find_imported)
    : path_(std::move(path)),
      options_(std::move(options)),
      family_(path_, options_.old_folder, std::move(is_log)),
      is_wanted_(std::move(is_wanted)),
      find_imported_(std::move(find_imported)) {}

void FollowedLog::resume(FollowState state) {
    is_resumed_ = true;
    floor_ = state.floor;
    for (const SeenFile& log_file : state.earlier) earlier_.push_back({log_file, path_});
    if (state.present) present_.emplace(Source{*state.present, path_});
    finished_ = std::move(state.finished);
}

FollowState FollowedLog::state() const {
    FollowState state;
    for (const Source& source : earlier_) state.earlier.push_back(source.log_file);
    if (present_) state.present = present_->log_file;
    state.floor = floor_;
    state.finished = finished_;
    return state;
}

Result<bool> FollowedLog::read(LineSink& sink, file::Stream& stream, const FollowMoment& moment,
                               std::size_t octets) {
    Pass pass{sink, stream, moment, octets};
    const auto status = status_of(path_);
    if (!status && status.error().code != ErrorCode::not_found)
        return std::unexpected(status.error());
    if (status && status->regular) pass.status = *status;
    pass.is_first = !is_begun_;
    if (is_begun_) {
        look_at_present(pass);
        if (is_unseen_due(pass)) add_unseen(pass);
        if (!next_look_ || moment.uptime >= *next_look_) look_at_finished(pass);
    } else if (is_resumed_) {
        begin_resumed(pass);
    } else {
        TRY(begin_first(pass));
    }
    is_begun_ = true;
    read_earlier(pass);
    pass.has_more = pass.has_more || has_space_for_unseen();
    // In the order of writing: the present file comes last.
    if (!pass.has_more) TRY(read_present(pass));
    drop_finished(pass);
    return pass.has_more;
}

// ---- The present file

void FollowedLog::begin_resumed(Pass& pass) {
    for (Source& source : earlier_)
        if (!source.log_file.finished) find_earlier(pass, source);
    if (present_) check_present(pass);
    if (present_ || !pass.status) return add_unseen(pass);
    add_unseen(pass);
    start_present(*pass.status);
}

// Whether the file at the path is still the one that was read, after a restart.
void FollowedLog::check_present(Pass& pass) {
    if (!pass.status || !present_->log_file.is_inode_of(*pass.status)) return retire_present(pass);
    auto stream = file::Stream::open_regular(path_);
    if (!stream) return;  // read_present() reports it
    const auto likeness = compare(*stream, present_->log_file);
    if (likeness && (*likeness == Likeness::other || *likeness == Likeness::shorter))
        on_truncated(pass);
}

void FollowedLog::look_at_present(Pass& pass) {
    if (!pass.status) {
        // It was renamed or removed; the next one is not there yet.
        if (present_) retire_present(pass);
        return;
    }
    if (!present_) {
        add_unseen(pass);
        return start_present(*pass.status);
    }
    const SeenFile& log_file = present_->log_file;
    if (!log_file.is_inode_of(*pass.status)) return retire_present(pass);
    if (pass.status->size < log_file.offset) return on_truncated(pass);
    // Nothing was read of the file, so its content would not show that it was copied and truncated.
    if (log_file.offset == 0 && !log_file.is_unchanged(*pass.status)) add_unseen(pass);
}

void FollowedLog::on_truncated(Pass& pass) {
    ++counts_.rotations;
    Source before{present_->log_file, path_};
    std::optional<FileStatus> status = pass.status;
    if (present_->file != nullptr)
        if (const auto opened = present_->file->status()) status = *opened;
    auto copy = family_.find(before.log_file, status ? &*status : nullptr);
    const bool is_shorter = copy && copy->likeness == Likeness::shorter;
    if (!copy || (is_shorter && before.log_file.has_rest)) add_loss(pass, before.log_file);
    before.is_complete = true;
    if (copy && copy->likeness == Likeness::same)
        use(before, std::move(*copy));
    else  // a shorter copy was made before the last lines were read: nothing is missing
        before.log_file.finished = true;
    earlier_.push_back(std::move(before));
    present_->log_file = unread_file(status.value_or(FileStatus{}));
    present_->has_more = true;
    add_unseen(pass);
}

void FollowedLog::retire_present(Pass& pass) {
    if (pass.status && is_present_again(*pass.status)) return;
    // It may have been copied and truncated before it was renamed.
    if (present_->file != nullptr && !open_plain(pass.stream, *present_).value_or(true))
        on_truncated(pass);
    ++counts_.rotations;
    Source before = *std::exchange(present_, std::nullopt);
    if (before.file != nullptr) {
        earlier_.push_back(std::move(before));
    } else if (auto found = family_.find(before.log_file, pass.status ? &*pass.status : nullptr)) {
        if (found->likeness != Likeness::shorter) {
            use(before, std::move(*found));
        } else {
            if (before.log_file.has_rest) add_loss(pass, before.log_file);
            before.log_file.finished = true;
        }
        earlier_.push_back(std::move(before));
    } else if (before.log_file.head_length > 0) {
        add_loss(pass, before.log_file);
        before.log_file.finished = true;
        earlier_.push_back(std::move(before));
    }
    add_unseen(pass);
    if (pass.status) start_present(*pass.status);
}

// An editor, or a restored backup, has put a file with the same octets in place of the log.
bool FollowedLog::is_present_again(const FileStatus& status) {
    auto stream = file::Stream::open_regular(path_);
    if (!stream) return false;
    const auto likeness = compare(*stream, present_->log_file);
    if (!likeness || *likeness != Likeness::same) return false;
    present_->log_file.device = status.device;
    present_->log_file.inode = status.inode;
    present_->file.reset();
    present_->has_more = true;
    return true;
}

// Goes on in a file that was found, which may be compressed.
void FollowedLog::use(Source& source, LogFamily::Found found) {
    SeenFile& log_file = source.log_file;
    log_file.device = found.member.status.device;
    log_file.inode = found.member.status.inode;
    source.path = std::move(found.member.path);
    source.has_more = true;
    source.unchanged_since.reset();
    source.file.reset();
    source.stream.reset();
    if (!found.stream->seeks()) {
        source.stream = std::move(found.stream);
        return;
    }
    auto opened = File::open_regular(source.path);
    if (opened) source.file = *std::move(opened);
}

// In the order of writing: files that were read in part, then the others by their times.
void FollowedLog::sort_earlier() {
    const auto key = [](const Source& source) {
        const SeenFile& f = source.log_file;
        const int part = f.finished ? 0 : f.offset > 0 ? 1 : 2;
        return std::pair(part, part == 2 ? f.modified : UtcTime{});
    };
    std::ranges::stable_sort(earlier_, {}, key);
}

void FollowedLog::start_present(const FileStatus& status) {
    // It may be an earlier file that is back, for example of a file system that was not mounted.
    auto stream = file::Stream::open_regular(path_);
    const auto back = std::ranges::find_if(earlier_, [&](const Source& source) {
        const SeenFile& known = source.log_file;
        if (known.head_length == 0) return source.file != nullptr && known.is_inode_of(status);
        if (!stream) return false;
        const auto likeness = compare(*stream, known);
        return likeness && *likeness == Likeness::same;
    });
    present_.emplace(Source{unread_file(status), path_});
    if (back == earlier_.end()) return;
    present_->log_file = back->log_file;
    present_->log_file.device = status.device;
    present_->log_file.inode = status.inode;
    present_->log_file.finished = false;
    earlier_.erase(back);
}

// It is not at the path any more.
void FollowedLog::move_present_to_earlier() {
    earlier_.push_back(*std::exchange(present_, std::nullopt));
    sort_earlier();
}

// How much is missing is not known: nobody can count lines that are gone.
void FollowedLog::add_loss(const Pass& pass, const SeenFile& log_file) {
    ++counts_.losses;
    const UtcTime begin = std::min(log_file.modified, pass.moment.time);
    losses_.push_back({path_,
                       pass.is_first ? LossReason::not_running : LossReason::truncated,
                       {begin, pass.moment.time + Duration{1}},
                       std::nullopt,
                       std::nullopt});
}

std::vector<Loss> FollowedLog::drain_losses() { return std::exchange(losses_, {}); }

std::uint64_t FollowedLog::lag() const noexcept {
    const auto of = [](const Source& source) {
        const SeenFile& f = source.log_file;
        return source.stream == nullptr && !f.finished && f.size > f.offset ? f.size - f.offset : 0;
    };
    std::uint64_t sum = present_ ? of(*present_) : 0;
    for (const Source& source : earlier_) sum += of(source);
    return sum;
}

bool FollowedLog::is_alive() const noexcept {
    return std::ranges::any_of(earlier_, [](const Source& s) { return !s.log_file.finished; });
}

}  // namespace octroi::logs
