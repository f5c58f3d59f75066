// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/followed_log.hpp"

#include <algorithm>
#include <utility>

#include "host/log_limit.hpp"

namespace octroi::logs {
namespace {

constinit LimitedLog unknown_import("log_import_unknown");

}  // namespace

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
    for (SeenFile& log_file : state.earlier) earlier_.push_back({std::move(log_file), path_});
    if (state.present) present_.emplace(Source{*std::move(state.present), path_});
}

FollowState FollowedLog::state() const {
    FollowState state;
    for (const Source& source : earlier_) state.earlier.push_back(source.log_file);
    if (present_) state.present = present_->log_file;
    state.floor = floor_;
    return state;
}

Result<bool> FollowedLog::read(LineSink& sink, file::Stream& stream, const FollowMoment& moment,
                               std::size_t octets) {
    Pass pass{sink, stream, moment, octets};
    const auto status = status_of(path_);
    if (!status && status.error().code != ErrorCode::not_found)
        return std::unexpected(status.error());
    if (status && status->regular) pass.status = *status;
    pass.is_first = !std::exchange(is_begun_, true);
    if (!pass.is_first)
        look_at_present(pass);
    else if (is_resumed_)
        begin_resumed(pass);
    else
        begin_first(pass);
    read_earlier(pass);
    // In the order of writing: the present file comes last.
    if (!pass.has_more) TRY(read_present(pass));
    drop_finished();
    return pass.has_more;
}

// Earlier files that exist already are read only where the user names them. The others were written
// before the log was followed.
void FollowedLog::begin_first(Pass& pass) {
    const auto members = family_.members();
    const std::size_t remembered = members.size() - std::min(members.size(), finished_max);
    for (std::size_t i = 0; i < members.size(); ++i) {
        floor_ = std::max(floor_, members[i].status.modified);
        const bool is_wanted = is_wanted_(members[i].path);
        if (!is_wanted && i < remembered) continue;
        auto stream = file::Stream::open(members[i].path);
        Source source{unread_file(members[i].status), members[i].path};
        if (!stream || !note_head(*stream, source.log_file)) continue;
        source.log_file.finished = !is_wanted;
        if (is_wanted)
            use(source,
                {members[i], Likeness::same, std::make_unique<file::Stream>(*std::move(stream))});
        earlier_.push_back(std::move(source));
    }
    if (pass.status) start_present(*pass.status);
    const auto skip = [&](Source& source) {
        if (source.log_file.finished) return;
        const Status skipped = skip_imported(source);
        if (!skipped) unknown_import.warning([&] { return skipped.error().text; });
    };
    for (Source& source : earlier_) skip(source);
    if (present_) skip(*present_);
}

// The ledger has the lines of an imported part.
Status FollowedLog::skip_imported(Source& source) const {
    TRY_ASSIGN(const ImportedPart part, find_imported_(source.path));
    if (part.offset == 0) return {};
    TRY_ASSIGN(file::Stream stream, file::Stream::open(source.path));
    SeenFile seen = source.log_file;
    TRY(note_head(stream, seen));
    seen.offset = part.offset;
    seen.lines = part.lines;
    TRY(note_tail(stream, seen));
    source.log_file = seen;
    if (source.stream != nullptr) {
        TRY_ASSIGN([[maybe_unused]] const bool reached, source.stream->move_to(part.offset));
    }
    return {};
}

void FollowedLog::begin_resumed(Pass& pass) {
    for (Source& source : earlier_)
        if (!source.log_file.finished) find_earlier(pass, source);
    if (present_) check_present(pass);
    if (present_ || !pass.status) return add_unseen(pass);
    add_unseen(pass);
    start_present(*pass.status);
}

void FollowedLog::find_earlier(Pass& pass, Source& source) {
    auto found = family_.find(source.log_file, nullptr);
    if (found && found->likeness != Likeness::shorter) return use(source, std::move(*found));
    source.log_file.finished = true;
    // It was an earlier file when it was read to its end: only a server that had not opened its log
    // again could write more to it.
    if (!found && source.log_file.size > source.log_file.offset) add_loss(pass, source.log_file);
}

// Whether the file at the path is still the one that was read, after a restart.
void FollowedLog::check_present(Pass& pass) {
    if (!pass.status || !present_->log_file.is_inode_of(*pass.status)) return retire_present(pass);
    auto stream = file::Stream::open(path_);
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
    if (!copy) add_loss(pass, before.log_file);
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
        if (found->likeness == Likeness::shorter)
            before.log_file.finished = true;
        else
            use(before, std::move(*found));
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
    auto stream = file::Stream::open(path_);
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

// Earlier files of which nothing was ever read: the log was rotated more than once since the last
// poll, or since the daemon ran last.
void FollowedLog::add_unseen(Pass& pass) {
    note_heads(pass);
    std::vector<SeenFile> known = known_files();
    UtcTime newest = floor_;
    for (LogFamily::Member& member : family_.members()) {
        if (member.status.modified <= floor_ || is_open(member.status) ||
            family_.is_known(member, known))
            continue;
        auto stream = file::Stream::open(member.path);
        if (!stream) continue;
        Source source{unread_file(member.status), member.path};
        if (!note_head(*stream, source.log_file) || source.log_file.head_length == 0) continue;
        known.push_back(source.log_file);
        newest = std::max(newest, member.status.modified);
        ++counts_.rotations;
        use(source, {std::move(member), Likeness::same,
                     std::make_unique<file::Stream>(*std::move(stream))});
        earlier_.push_back(std::move(source));
    }
    floor_ = newest;
    sort_earlier();
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

// The inode of an open file is in use by that file, whatever its name.
bool FollowedLog::is_open(const FileStatus& status) const {
    const auto is_inode = [&](const Source& source) {
        if (source.file == nullptr) return false;
        const auto opened = source.file->status();
        return opened && opened->device == status.device && opened->inode == status.inode;
    };
    return (present_ && is_inode(*present_)) || std::ranges::any_of(earlier_, is_inode);
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
    auto stream = file::Stream::open(path_);
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

std::vector<SeenFile> FollowedLog::known_files() const {
    std::vector<SeenFile> known;
    for (const Source& source : earlier_) known.push_back(source.log_file);
    if (present_) known.push_back(present_->log_file);
    return known;
}

void FollowedLog::drop_finished() {
    const auto is_finished = [](const Source& source) { return source.log_file.finished; };
    auto finished = static_cast<std::size_t>(std::ranges::count_if(earlier_, is_finished));
    for (auto at = earlier_.begin(); at != earlier_.end() && finished > finished_max;) {
        if (!is_finished(*at)) {
            ++at;
            continue;
        }
        at = earlier_.erase(at);
        --finished;
    }
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
