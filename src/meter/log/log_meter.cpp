// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "host/found_files.hpp"
#include "host/log_limit.hpp"
#include "host/pause.hpp"
#include "host/random.hpp"
#include "meter/log/file_role.hpp"
#include "meter/log/rotated_names.hpp"

namespace octroi::logs {
namespace {

constinit LimitedLog unreadable_log("log_unreadable");
constinit LimitedLog too_many_logs("log_too_many");
constinit LimitedLog known_file("log_file_known");

void add(FollowCounts& sum, const FollowCounts& counts) {
    sum.lines += counts.lines;
    sum.cut_lines += counts.cut_lines;
    sum.octets += counts.octets;
    sum.rotations += counts.rotations;
    sum.losses += counts.losses;
}

// The path that a rotated file of a log has been renamed from; empty: its name has no such form.
std::string log_path_of(const std::string& path) {
    const std::filesystem::path at(path);
    const std::string name = log_of_rotated_name(at.filename().string());
    return name.empty() ? name : (at.parent_path() / name).string();
}

bool is_missing(const std::string& path) {
    const auto status = status_of(path);
    return !status && status.error().code == ErrorCode::not_found;
}

}  // namespace

LogMeter::LogMeter(LogMeterOptions options, const Clock& clock, std::span<const Cursor> cursors)
    : options_(std::move(options)),
      clock_(&clock),
      imported_({cursors.begin(), cursors.end()}, options_.seed),
      readings_(options_.readings, options_.seed) {}

Result<std::unique_ptr<LogMeter>> LogMeter::open(LogMeterOptions options, const Clock& clock,
                                                 std::span<const Cursor> cursors) {
    auto meter = std::unique_ptr<LogMeter>(new LogMeter(std::move(options), clock, cursors));
    TRY(meter->options_.open_reader());
    TRY(meter->resume(cursors));
    meter->discover();
    return meter;
}

// ---- Which logs there are

Status LogMeter::resume(std::span<const Cursor> cursors) {
    for (const Cursor& cursor : cursors) {
        if (!cursor.source.starts_with(followed_source_prefix)) continue;
        TRY_ASSIGN(LogPosition position, LogPosition::parse(cursor.position));
        const std::string path = position.path;
        if (path.empty()) {
            free_cursors_.push_back(cursor);
            continue;
        }
        if (logs_.contains(path)) continue;
        if (!is_matched(path)) {
            parked_.push_back({cursor, std::move(position)});
            continue;
        }
        TRY(add(path, cursor, std::move(position)));
    }
    return {};
}

Status LogMeter::add(const std::string& path, Cursor cursor, std::optional<LogPosition> position) {
    TRY_ASSIGN(auto reader, options_.open_reader());
    Log& log = logs_[path];
    log.cursor = std::move(cursor);
    log.file = std::make_unique<FollowedLog>(
        path, options_.follow, [this](const std::string& each) { return logs_.contains(each); },
        [this](const std::string& each) { return is_matched(each); },
        [this](const std::string& each) { return imported_.find(each); });
    log.lines = std::make_unique<LineDecoder>(std::move(reader), options_.times, readings_,
                                              line_counts_, readings_.names_of(names_in(path)));
    if (!position) return {};
    const std::string_view state =
        position->format == options_.format ? std::string_view(position->reader) : "";
    if (const Status resumed = log.lines->resume(state, position->times); !resumed)
        warnings_.push_back(fmt::format("{}: {}; sessions that had begun are not known", path,
                                        resumed.error().text));
    log.file->resume(std::move(position->state));
    return {};
}

bool LogMeter::is_matched(const std::string& path) const {
    return std::ranges::any_of(options_.paths, [&](const PathPattern& pattern) {
        return matches_pattern(path, pattern.glob());
    });
}

PathNames LogMeter::names_in(const std::string& path) const {
    for (const PathPattern& pattern : options_.paths)
        if (matches_pattern(path, pattern.glob())) return pattern.names(path);
    return {};
}

void LogMeter::discover() {
    refused_ = 0;
    unopened_ = 0;
    std::optional<Inodes> inodes;
    for (const PathPattern& pattern : options_.paths) {
        const auto paths = paths_matching(pattern.glob());
        if (!paths) {
            unreadable_log.warning([&] { return paths.error().text; });
            continue;
        }
        for (const std::string& path : *paths)
            if (!logs_.contains(path)) discover(path, inodes);
    }
    next_discover_ = clock_->uptime() + options_.discover;
}

void LogMeter::discover(const std::string& path, std::optional<Inodes>& inodes) {
    const auto status = status_of(path);
    if (!status || !status->regular || is_earlier_file(path) || is_link_to_log(path)) return;
    if (!inodes) inodes = inodes_of_logs();
    const std::pair inode(status->device, status->inode);
    if (inodes->contains(inode)) return;
    if (logs_.size() >= options_.logs_max) drop_gone();
    if (logs_.size() >= options_.logs_max) {
        ++refused_;
        too_many_logs.warning([&] {
            return fmt::format(
                "meter {}: {} is not followed, because a meter follows {} logs at most; next: use "
                "several meters, or one log with the domain in each line",
                options_.name, path, options_.logs_max);
        });
        return;
    }
    if (const Status followed = follow(path); !followed) {
        ++unopened_;
        unreadable_log.warning([&] { return followed.error().text; });
        return;
    }
    if (logs_.contains(path)) inodes->insert(inode);
}

// As a new log, or as one that is known under another path.
Status LogMeter::follow(const std::string& path) {
    const auto refuse = [&](const std::string& log) {
        known_file.warning([&] {
            return fmt::format(
                "meter {}: {} is not followed, because it is a file of the log {}, or a copy of "
                "one: its lines would count twice; next: leave it out of `paths`",
                options_.name, path, log);
        });
    };
    const auto has_files = [](const auto& each) { return each.second.file->is_begun(); };
    if (parked_.empty() && std::ranges::none_of(logs_, has_files))
        return add(path, new_cursor(), std::nullopt);
    TRY_ASSIGN(auto file, File::open_regular(path));
    TRY_ASSIGN(const FileStatus status, file->status());
    TRY(stream_.read_plain(std::move(file)));
    for (const auto& [log_path, log] : logs_) {
        TRY_ASSIGN(const FileRole role, role_of(stream_, status, log.file->state()));
        if (role == FileRole::none) continue;
        if (role == FileRole::present && is_missing(log_path))
            move_log(std::string(log_path), path);
        else
            refuse(log_path);
        return {};
    }
    for (auto at = parked_.begin(); at != parked_.end(); ++at) {
        TRY_ASSIGN(const FileRole role, role_of(stream_, status, at->position.state));
        if (role == FileRole::earlier) refuse(at->position.path);
        if (role != FileRole::none && role != FileRole::present) return {};
        if (role == FileRole::none) continue;
        Parked parked = std::move(*at);
        parked_.erase(at);
        return add(path, std::move(parked.cursor), std::move(parked.position));
    }
    return add(path, new_cursor(), std::nullopt);
}

// A log in a folder that was renamed.
void LogMeter::move_log(const std::string& from, const std::string& to) {
    const auto at = logs_.find(from);
    Log& log = at->second;
    LogPosition position{to, log.file->state(), options_.format, log.lines->save_reader(),
                         log.lines->save_times()};
    Cursor cursor = std::move(log.cursor);
    for (Loss& loss : log.file->drain_losses()) moved_losses_.push_back(std::move(loss));
    logs::add(gone_counts_, log.file->counts());
    logs_.erase(at);
    if (const Status added = add(to, std::move(cursor), std::move(position)); !added)
        unreadable_log.warning([&] { return added.error().text; });
}

// The name of a log that exists, or that will exist: a numbered file is never a log of its own.
bool LogMeter::is_earlier_file(const std::string& path) const {
    const std::string log_path = log_path_of(path);
    if (log_path.empty()) return false;
    if (logs_.contains(log_path)) return true;
    return is_matched(log_path) &&
           (is_reused_rotated_name(std::filesystem::path(path).filename().string()) ||
            status_of(log_path));
}

// A symbolic link may name the file of today: that is followed under its own name.
bool LogMeter::is_link_to_log(const std::string& path) const {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::canonical(path, error);
    return !error && target != path &&
           (logs_.contains(target.string()) || is_matched(target.string()));
}

LogMeter::Inodes LogMeter::inodes_of_logs() const {
    Inodes inodes;
    for (const auto& [path, log] : logs_)
        if (const auto status = status_of(path)) inodes.emplace(status->device, status->inode);
    return inodes;
}

// Cursors of logs that are gone for long are free.
void LogMeter::drop_gone() {
    const UtcTime limit = clock_->now() - options_.keep_gone;
    for (auto at = logs_.begin(); at != logs_.end();) {
        Log& log = at->second;
        const bool is_gone =
            !log.file->is_alive() && log.file->state().floor < limit && is_missing(at->first);
        if (!is_gone) {
            ++at;
            continue;
        }
        logs::add(gone_counts_, log.file->counts());
        free_cursors_.push_back(std::move(log.cursor));
        at = logs_.erase(at);
    }
}

Cursor LogMeter::new_cursor() {
    if (!free_cursors_.empty()) {
        Cursor cursor = std::move(free_cursors_.back());
        free_cursors_.pop_back();
        return cursor;
    }
    Cursor cursor;
    cursor.source = fmt::format("{}{:016x}", followed_source_prefix, random_seed());
    return cursor;
}

// ---- Reading

Result<Pull> LogMeter::pull(ReadingSink& sink, Duration wait) {
    const Duration now = clock_->uptime();
    if (!next_discover_ || now >= *next_discover_) {
        drop_gone();
        discover();
    }
    if (next_poll_ && now < *next_poll_) {
        pause_for(std::min(wait, *next_poll_ - now));
        return Pull::idle;
    }
    const bool is_done = read_round(sink);
    readings_.flush(sink);
    if (is_done) next_poll_ = clock_->uptime() + options_.poll;
    if (has_unsaved_ && next_.empty()) return Pull::checkpoint;
    return is_done ? Pull::idle : Pull::more;
}

bool LogMeter::read_round(ReadingSink& sink) {
    std::size_t left = octets_of_a_pull;
    if (next_.empty()) round_has_more_ = false;
    auto at = logs_.lower_bound(next_);
    for (; at != logs_.end() && left > 0; ++at) {
        const std::uint64_t octets = at->second.file->counts().octets;
        read(at->second, sink, left);
        left -= std::min<std::uint64_t>(left, at->second.file->counts().octets - octets);
        round_has_more_ = round_has_more_ || at->second.has_more;
    }
    next_ = at == logs_.end() ? std::string() : at->first;
    return next_.empty() && !round_has_more_;
}

void LogMeter::read(Log& log, ReadingSink& sink, std::size_t octets) {
    log.lines->set_sink(sink);
    const auto more =
        log.file->read(*log.lines, stream_, {clock_->now(), clock_->uptime()}, octets);
    log.is_readable = more.has_value();
    log.has_more = more.value_or(false);
    if (log.cursor.version == 0 && log.file->is_begun()) has_unsaved_ = true;
    if (!more)
        unreadable_log.warning([&] {
            return fmt::format("meter {}: {}; it is tried again", options_.name, more.error().text);
        });
}

// ---- Checkpoints

Result<Checkpoint> LogMeter::checkpoint(ReadingSink& sink) {
    readings_.flush(sink);
    has_unsaved_ = false;
    Checkpoint out;
    out.losses = std::exchange(moved_losses_, {});
    for (auto& [path, log] : logs_) {
        add_losses(log, out);
        save(log, out);
    }
    const std::string free_position = LogPosition{}.save();
    for (Cursor& cursor : free_cursors_) {
        if (cursor.version == 0 || cursor.position == free_position) continue;
        cursor.position = free_position;
        cursor.note = "free";
        ++cursor.version;
        out.cursors.push_back(cursor);
    }
    out.observed = readings_.drain_observed();
    return out;
}

void LogMeter::save(Log& log, Checkpoint& out) {
    if (!log.file->is_begun()) return;
    const std::string& path = log.file->path();
    std::string position = LogPosition{path, log.file->state(), options_.format,
                                       log.lines->save_reader(), log.lines->save_times()}
                               .save();
    if (position == log.cursor.position) return;
    log.cursor.position = std::move(position);
    ++log.cursor.version;
    log.cursor.note = path;
    out.cursors.push_back(log.cursor);
}

void LogMeter::add_losses(Log& log, Checkpoint& out) {
    if (out.losses.size() >= losses_max) return;  // those of this log are in the next checkpoint
    for (Loss& loss : log.file->drain_losses()) out.losses.push_back(std::move(loss));
    const std::uint64_t bad = log.lines->drain_bad_lines();
    if (bad == 0) return;
    const UtcTime now = clock_->now();
    const UtcTime last = log.lines->last_time().value_or(now);
    out.losses.push_back({log.file->path(),
                          LossReason::corrupt,
                          {std::min(last, now), std::max(last, now) + Duration{1}},
                          bad,
                          std::nullopt});
}

std::vector<CounterValue> LogMeter::counters() const {
    FollowCounts follow = gone_counts_;
    LogState state{.followed = logs_.size(), .refused = refused_, .unreadable = unopened_};
    for (const auto& [path, log] : logs_) {
        logs::add(follow, log.file->counts());
        state.unreadable += log.is_readable ? 0 : 1;
        state.lag += log.file->lag();
    }
    return values_of(line_counts_, readings_.counts(), follow, state);
}

std::vector<std::string> LogMeter::logs() const {
    std::vector<std::string> paths;
    for (const auto& [path, log] : logs_) paths.push_back(path);
    return paths;
}

}  // namespace octroi::logs
