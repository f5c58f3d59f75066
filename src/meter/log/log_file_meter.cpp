// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_file_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/byte_cursor.hpp"
#include "meter/file/recognise.hpp"

namespace octroi::logs {
namespace {

using logline::BadReason;
using logline::LineKind;
using logline::LineResult;

// Of input that cannot be read twice, in memory: to find out whether the ledger has it.
constexpr std::size_t kept_octets = std::size_t{64} << 20U;
constexpr std::uint64_t lines_of_a_pull = 16'384;

}  // namespace

LogFileMeter::LogFileMeter(std::string path, std::unique_ptr<logline::LineReader> reader,
                           const TimeResolver& resolver, const LogFileMeterOptions& options,
                           file::Stream stream)
    : path_(std::move(path)),
      reader_(std::move(reader)),
      resolver_(resolver),
      options_(options),
      stream_(std::move(stream)),
      text_(stream_),
      readings_(options.readings, options.seed) {}

Result<std::unique_ptr<LogFileMeter>> LogFileMeter::open(
    const std::string& path, std::unique_ptr<logline::LineReader> reader,
    const TimeResolver& resolver, const LogFileMeterOptions& options,
    std::span<const Cursor> known) {
    TRY_ASSIGN(file::Stream stream, file::Stream::open(path, kept_octets));
    const std::string name = path == "-" ? "standard input" : path;
    auto meter = std::unique_ptr<LogFileMeter>(
        new LogFileMeter(name, std::move(reader), resolver, options, std::move(stream)));
    TRY(meter->recognise(known));
    return meter;
}

Status LogFileMeter::recognise(std::span<const Cursor> known) {
    TRY(stream_.fill(file::Stream::head_length));
    const ByteSpan head = stream_.unread();
    const auto line_end = std::ranges::find(head, std::byte{'\n'});
    const auto first_line_end =
        line_end == head.end() ? 0 : static_cast<std::size_t>(line_end - head.begin()) + 1;
    TRY_ASSIGN(file::KnownFile found,
               file::recognise(stream_, log_source_prefix, known, first_line_end, options_.seed));
    if (!found.doubt.empty()) doubt_ = fmt::format("{} {}", path_, found.doubt);
    cursor_ = std::move(found.cursor);
    at_ = std::move(found.position);
    at_.dropped.resize(1);
    if (found.as == file::KnownFile::As::unknown) return {};
    known_as_ = cursor_.note;
    already_complete_ = found.as == file::KnownFile::As::earlier_copy;
    if (already_complete_) return {};
    resumed_at_ = lines_ = at_.frames;
    bad_ = bad_before_ = at_.dropped[0];
    TRY(restore_state());
    TRY(stream_.fill(static_cast<std::size_t>(at_.rest) + 1));
    already_complete_ = at_.ended && stream_.ended() && stream_.unread().size() == at_.rest;
    return {};
}

// What lines behind the position need: u8 within a line that is too long, text state of the
// format, text state of the times.
std::string LogFileMeter::save_state() const {
    ByteWriter out;
    out.u8(text_.is_within_line() ? 1 : 0);
    out.text(reader_->save());
    out.text(resolver_.save());
    return out.drain();
}

Status LogFileMeter::restore_state() {
    ByteCursor in(as_octets(at_.reader));
    std::uint8_t is_within = 0;
    std::string format;
    std::string times;
    if (!in.u8(is_within) || !in.text(format) || !in.text(times) || in.left() != 0 ||
        !reader_->restore(format) || !resolver_.restore(times))
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: the ledger's cursor of this log is that of another format; "
                                "next: state the format of the first import",
                                path_));
    text_.set_within_line(is_within != 0);
    return {};
}

Result<Pull> LogFileMeter::pull(ReadingSink& sink, Duration /*wait: some lines take little*/) {
    if (already_complete_ || is_ended_) return Pull::end;
    const std::uint64_t stop = lines_ + lines_of_a_pull;
    const std::uint64_t checkpoint =
        (lines_ / options_.checkpoint_lines + 1) * options_.checkpoint_lines;
    const std::uint64_t last = std::min(stop, checkpoint);
    bool has_more = true;
    std::string_view line;
    while (has_more && lines_ < last) {
        if (text_.next_in_window(line)) {
            add_line(line, sink);
            continue;
        }
        TRY_ASSIGN(has_more, read_line(sink));
    }
    text_.settle();
    readings_.flush(sink);
    if (has_more) return lines_ == checkpoint ? Pull::checkpoint : Pull::more;
    TRY(end());
    return Pull::end;
}

Result<bool> LogFileMeter::read_line(ReadingSink& sink) {
    TRY_ASSIGN(const auto line, text_.next());
    has_unread_end_ = line && !line->has_end;
    if (!line || (!line->has_end && !line->is_too_long)) return false;
    if (!line->is_too_long) {
        add_line(line->text, sink);
    } else {
        ++lines_;
        add_result(LineResult::bad(BadReason::too_long), sink);
    }
    return true;
}

void LogFileMeter::add_line(std::string_view line, ReadingSink& sink) {
    ++lines_;
    add_result(reader_->read(line, entry_), sink);
}

void LogFileMeter::add_result(LineResult result, ReadingSink& sink) {
    if (result.kind == LineKind::bad) add_bad(result.reason);
    if (result.kind != LineKind::traffic) return;
    const auto time = resolver_.resolve(entry_.time);
    if (!time) return add_bad(BadReason::time);
    ++entries_;
    last_time_ = time;
    readings_.add(entry_, *time, sink);
}

void LogFileMeter::add_bad(BadReason reason) {
    ++bad_;
    if (first_bad_ != 0) return;
    first_bad_ = lines_;
    first_reason_ = reason;
}

// Sets the warning. Errors: the file is no log of this format.
Status LogFileMeter::end() {
    if (entries_ == 0 && bad_ > 0 && resumed_at_ == 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: no line has the format: line {}: {}; next: octroi inspect log "
                                "--bad, and choose another --format",
                                path_, first_bad_, to_string(first_reason_)));
    const bool wants_packets = options_.readings.layer == logline::LineLayer::ip;
    const std::string_view other_noun = wants_packets ? "log" : "packet-log";
    const ReadingCounts& counts = readings_.counts();
    if (counts.entries == 0 && counts.other_layer > 0 && resumed_at_ == 0)
        return fail(
            ErrorCode::unsupported,
            fmt::format("{}: its lines count {}, and bytes of two layers are never added "
                        "up; next: octroi import {}",
                        path_, wants_packets ? "data of applications" : "IP packets", other_noun));
    is_ended_ = true;
    std::vector<std::string> defects;
    if (counts.other_layer > 0)
        defects.push_back(fmt::format("{} lines are left out, because they count {}",
                                      counts.other_layer,
                                      wants_packets ? "data of applications" : "IP packets"));
    if (!stream_.damage().empty()) defects.push_back(stream_.damage());
    if (first_bad_ > 0)
        defects.push_back(fmt::format("{} lines cannot be read; the first is line {}: {}",
                                      bad_ - bad_before_, first_bad_, to_string(first_reason_)));
    if (has_unread_end_)
        defects.push_back(
            "the last line has no end, and was not read; next: import the file again when it is "
            "complete");
    if (!defects.empty()) warning_ = fmt::format("{}: {}", path_, fmt::join(defects, "; "));
    return {};
}

void LogFileMeter::add_losses(std::vector<Loss>& losses) {
    const UtcTime last = last_time_.value_or(UtcTime{at_.last_time});
    const UtcTime begin{at_.frames == 0 ? last.ns : at_.last_time};
    const Interval since{std::min(begin, last), std::max(begin, last) + Duration{1}};
    if (bad_ > at_.dropped[0])
        losses.push_back({path_, LossReason::corrupt, since, bad_ - at_.dropped[0], std::nullopt});
    at_.dropped[0] = bad_;
    if (is_ended_ && !stream_.damage().empty() && !at_.damaged)
        losses.push_back({path_, LossReason::truncated, {last, last + Duration{1}}, {}, {}});
}

Result<Checkpoint> LogFileMeter::checkpoint(ReadingSink& sink) {
    Checkpoint out;
    if (already_complete_) return out;
    const std::uint64_t rest = is_ended_ ? stream_.unread().size() : 0;
    const bool is_damaged = is_ended_ && !stream_.damage().empty();
    // Without progress a checkpoint would only raise the version of the cursor.
    const bool has_moved = stream_.position() != at_.at.offset || is_ended_ != at_.ended ||
                           rest != at_.rest || is_damaged != at_.damaged;
    // All files without a line have the same content; and without an entry it may be another file.
    const bool has_entry = readings_.counts().entries > 0 || resumed_at_ > 0;
    if (!has_moved || lines_ == 0 || (!has_entry && !is_ended_)) return out;
    readings_.flush(sink);
    add_losses(out.losses);
    out.observed = readings_.drain_observed();
    at_.advance(stream_, false);
    at_.frames = lines_;
    if (last_time_) at_.last_time = last_time_->ns;
    at_.ended = is_ended_;
    at_.damaged = is_damaged;
    at_.rest = rest;
    at_.device = stream_.status().device;
    at_.inode = stream_.status().inode;
    at_.reader = save_state();
    cursor_.position = at_.save();
    cursor_.version += 1;
    cursor_.note =
        fmt::format("{}, {} lines", std::filesystem::path(path_).filename().string(), lines_);
    out.cursors.push_back(cursor_);
    return out;
}

}  // namespace octroi::logs
