// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_file_meter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/check.hpp"
#include "meter/file/recognise.hpp"
#include "meter/log/counters.hpp"
#include "meter/log/log_cursor.hpp"

namespace octroi::logs {
namespace {

// Of input that cannot be read twice, in memory: to find out whether the ledger has it.
constexpr std::size_t kept_octets = std::size_t{64} << 20U;
constexpr std::uint64_t lines_of_a_pull = 16'384;

}  // namespace

LogFileMeter::LogFileMeter(std::string path, std::unique_ptr<logline::LineReader> reader,
                           const LogFileMeterOptions& options, file::Stream stream)
    : path_(std::move(path)),
      options_(options),
      stream_(std::move(stream)),
      readings_(options.readings),
      decoder_(std::move(reader), options.zone, readings_, counts_,
               readings_.names_of(options.names, options.host)) {}

Result<std::unique_ptr<LogFileMeter>> LogFileMeter::open(
    const std::string& path, std::unique_ptr<logline::LineReader> reader,
    const LogFileMeterOptions& options, std::span<const Cursor> known) {
    TRY_ASSIGN(file::Stream stream, file::Stream::open(path, kept_octets));
    const std::string name = path == "-" ? "standard input" : path;
    auto meter = std::unique_ptr<LogFileMeter>(
        new LogFileMeter(name, std::move(reader), options, std::move(stream)));
    TRY(meter->refuse_followed(known));
    TRY(meter->recognise(known));
    return meter;
}

// Its lines are in the ledger, or will be.
Status LogFileMeter::refuse_followed(std::span<const Cursor> known) {
    for (const Cursor& cursor : known) {
        if (!cursor.source.starts_with(followed_source_prefix)) continue;
        TRY_ASSIGN(const LogPosition position, LogPosition::parse(cursor.position));
        std::vector<LogFile> files = position.state.earlier;
        if (position.state.present) files.push_back(*position.state.present);
        for (const LogFile& each : files) {
            // Files that existed before the log was followed were not read.
            if (each.offset == 0) continue;
            TRY_ASSIGN(const bool is_like, begins_like(stream_, each));
            if (!is_like) continue;
            return fail(ErrorCode::conflict,
                        fmt::format("{} is a file of the log {}, which a meter of `octroi run` "
                                    "follows: its lines would count twice. Next: import files from "
                                    "before that only",
                                    path_, position.path));
        }
    }
    TRY_ASSIGN([[maybe_unused]] const bool rewound, stream_.move_to(0));
    return {};
}

Status LogFileMeter::recognise(std::span<const Cursor> known) {
    TRY(stream_.fill(file::Stream::head_length));
    const ByteSpan head = stream_.unread();
    const auto line_end = std::ranges::find(head, std::byte{'\n'});
    const auto first_line_end =
        line_end == head.end() ? 0 : static_cast<std::size_t>(line_end - head.begin()) + 1;
    TRY_ASSIGN(file::KnownFile found, file::recognise(stream_, log_file_source_prefix, known,
                                                      first_line_end, options_.seed));
    if (!found.doubt.empty()) doubt_ = fmt::format("{} {}", path_, found.doubt);
    cursor_ = std::move(found.cursor);
    at_ = std::move(found.position);
    if (found.as == file::KnownFile::As::unknown) return {};
    known_as_ = cursor_.note;
    already_complete_ = found.as == file::KnownFile::As::earlier_copy;
    if (already_complete_) return {};
    resumed_at_ = at_.frames;
    TRY(stream_.fill(static_cast<std::size_t>(at_.rest) + 1));
    // A line that had no end counts now if the file cannot grow any more.
    const bool has_rest = at_.rest > 0 && is_final();
    already_complete_ =
        at_.ended && stream_.ended() && stream_.unread().size() == at_.rest && !has_rest;
    return {};
}

// Reads the lines that are in the ledger once more, for what the format remembers.
Status LogFileMeter::begin() {
    is_begun_ = true;
    TRY_ASSIGN(const bool is_rewound, stream_.move_to(0));
    CHECK(is_rewound);
    text_.emplace(stream_, logline::line_octets_max);
    decoder_.skip(true);
    while (stream_.position() < at_.at.offset) {
        TRY_ASSIGN(const bool has_more, read_line(at_.ended && at_.rest == 0));
        if (!has_more) break;
    }
    decoder_.skip(false);
    return {};
}

Result<Pull> LogFileMeter::pull(ReadingSink& sink, Duration /*wait: some lines take little*/) {
    if (already_complete_ || is_ended_) return Pull::end;
    readings_.set_sink(sink);
    if (!is_begun_) TRY(begin());
    const std::uint64_t stop = lines_ + lines_of_a_pull;
    const std::uint64_t checkpoint =
        (lines_ / options_.checkpoint_lines + 1) * options_.checkpoint_lines;
    bool has_more = true;
    while (has_more && lines_ < std::min(stop, checkpoint)) {
        TRY_ASSIGN(has_more, read_line(is_final()));
    }
    readings_.flush();
    if (has_more) return lines_ == checkpoint ? Pull::checkpoint : Pull::more;
    TRY(end());
    return Pull::end;
}

Result<bool> LogFileMeter::read_line(bool with_rest) {
    const LineOrigin origin{path_, stream_.status().modified};
    TRY_ASSIGN(const auto line, text_->next());
    if (line) {
        ++lines_;
        octets_ += line->text.size() + 1;
        decoder_.on_line(*line, origin);
        return true;
    }
    const auto rest = with_rest ? text_->rest() : std::nullopt;
    if (!rest) return false;
    ++lines_;
    octets_ += rest->text.size();
    decoder_.on_line(*rest, origin);
    stream_.consume(stream_.unread().size());
    return false;
}

// Sets the warning. Errors: the file is no log of this format.
Status LogFileMeter::end() {
    if (decoder_.entries() == 0 && resumed_at_ == 0 && counts_.bad_lines() > 0 &&
        counts_.other == 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: no line is of this format; the first one is line {}. Next: "
                                "octroi inspect log --bad shows why; --format, or --log-format for "
                                "a format of your own",
                                path_, decoder_.first_bad_line()));
    is_ended_ = true;
    std::vector<std::string> defects;
    if (!stream_.damage().empty()) defects.push_back(stream_.damage());
    if (counts_.bad_lines() > 0)
        defects.push_back(fmt::format("{} lines cannot be read; the first one is line {}",
                                      counts_.bad_lines(), decoder_.first_bad_line()));
    if (readings_.counts().implausible > 0)
        defects.push_back(fmt::format(
            "{} entries have more bytes than is plausible: they are under @excluded/implausible",
            readings_.counts().implausible));
    if (!stream_.unread().empty())
        defects.push_back(
            "the last line has no end, and was not read; next: import the file again when it is "
            "complete");
    if (!defects.empty()) warning_ = fmt::format("{}: {}", path_, fmt::join(defects, "; "));
    return {};
}

Result<Checkpoint> LogFileMeter::checkpoint(ReadingSink& sink) {
    Checkpoint out;
    if (already_complete_ || !is_begun_) return out;
    const std::uint64_t rest = is_ended_ ? stream_.unread().size() : 0;
    const bool is_damaged = is_ended_ && !stream_.damage().empty();
    // Without progress a checkpoint would only raise the version of the cursor.
    const bool has_moved = stream_.position() != at_.at.offset || is_ended_ != at_.ended ||
                           rest != at_.rest || is_damaged != at_.damaged;
    // All files without a line have the same content; and without an entry it may be no log.
    if (!has_moved || lines_ == 0 || (decoder_.entries() == 0 && !is_ended_)) return out;
    readings_.set_sink(sink);
    readings_.flush();
    const UtcTime last = decoder_.last_time().value_or(UtcTime{at_.last_time});
    const UtcTime begin{at_.frames == 0 ? last.ns : at_.last_time};
    const Interval since{std::min(begin, last), std::max(begin, last) + Duration{1}};
    if (const std::uint64_t bad = decoder_.drain_bad_lines(); bad > 0)
        out.losses.push_back({path_, LossReason::corrupt, since, bad, std::nullopt});
    if (is_damaged && !at_.damaged)
        out.losses.push_back({path_, LossReason::truncated, {last, last + Duration{1}}, {}, {}});
    out.observed = readings_.drain_observed();
    at_.advance(stream_, false);
    at_.frames = lines_;
    at_.last_time = last.ns;
    at_.ended = is_ended_;
    at_.damaged = is_damaged;
    at_.rest = rest;
    at_.device = stream_.status().device;
    at_.inode = stream_.status().inode;
    cursor_.position = at_.save();
    cursor_.version += 1;
    cursor_.note =
        fmt::format("{}, {} lines", std::filesystem::path(path_).filename().string(), lines_);
    out.cursors.push_back(cursor_);
    return out;
}

std::vector<CounterValue> LogFileMeter::counters() const {
    FollowCounts follow;
    follow.lines = lines_;
    follow.octets = octets_;
    follow.cut_lines = counts_.bad.at(static_cast<std::size_t>(logline::BadReason::too_long));
    return values_of(counts_, readings_.counts(), follow, {});
}

}  // namespace octroi::logs
