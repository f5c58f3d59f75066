// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_file_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/byte_cursor.hpp"
#include "base/check.hpp"
#include "meter/log/unfinished_line.hpp"

namespace octroi::logs {
namespace {

using logline::BadReason;
using logline::LineKind;
using logline::LineResult;

// The format in a cursor, for people: its name, and what describes it.
std::string shown(std::string format) {
    std::ranges::replace(format, '\n', ' ');
    const std::size_t end = format.find_last_not_of(' ');
    return format.substr(0, end == std::string::npos ? 0 : end + 1);
}

// Takes away what counts already. False: the whole line states less than its beginning did.
bool subtract(const logline::Entry& part, logline::Entry& whole) {
    const auto take = [](std::uint64_t& value, std::uint64_t counted) {
        const bool is_less = value < counted;
        value -= std::min(value, counted);
        return !is_less;
    };
    const bool is_good_in = take(whole.in.value, part.in.value);
    const bool is_good_out = take(whole.out.value, part.out.value);
    const bool is_good_both = take(whole.both.value, part.both.value);
    const bool are_good_packets = take(whole.packets.value, part.packets.value);
    take(whole.requests, part.requests);
    return is_good_in && is_good_out && is_good_both && are_good_packets;
}

}  // namespace

LogFileMeter::LogFileMeter(const std::string& path, std::unique_ptr<logline::LineReader> reader,
                           const TimeResolver& resolver, const LogFileMeterOptions& options,
                           file::Stream stream)
    : TextOnceMeter(path,
                    {.source_prefix = log_source_prefix,
                     .line_octets_max = logline::line_octets_max,
                     .checkpoint_lines = options.checkpoint_lines,
                     .dropped = 1,
                     .seed = options.seed},
                    std::move(stream)),
      reader_(std::move(reader)),
      resolver_(resolver),
      options_(options),
      readings_(options.readings, options.seed) {}

Result<std::unique_ptr<LogFileMeter>> LogFileMeter::open(
    const std::string& path, std::unique_ptr<logline::LineReader> reader,
    const TimeResolver& resolver, const LogFileMeterOptions& options,
    std::span<const Cursor> known) {
    TRY_ASSIGN(file::Stream stream, open_text(path));
    auto meter = std::unique_ptr<LogFileMeter>(
        new LogFileMeter(path, std::move(reader), resolver, options, std::move(stream)));
    TRY_ASSIGN(const bool goes_on, meter->recognise(known));
    if (goes_on) TRY(meter->resume());
    return meter;
}

Status LogFileMeter::resume() {
    lines_ = at_.frames;
    bad_ = bad_before_ = at_.dropped[0];
    TRY(restore_state());
    return look_for_more();
}

std::uint64_t counted_octets(const file::Position& position) {
    const bool has_part = !position.reader.empty() && position.reader.front() == '\x02';
    return position.at.offset + (has_part ? position.rest : 0);
}

// What lines behind the position need: u8 Behind, text state of the format, text state of the
// times, text format. Cursors of earlier versions end before the format.
std::string LogFileMeter::save_state() const {
    ByteWriter out;
    out.u8(static_cast<std::uint8_t>(behind_));
    out.text(behind_ == Behind::counted_part ? state_before_rest_ : reader_->save());
    out.text(resolver_.save());
    out.text(options_.format);
    return out.drain();
}

Status LogFileMeter::restore_state() {
    static_assert(static_cast<char>(Behind::counted_part) == '\x02');
    ByteCursor in(as_octets(at_.reader));
    std::uint8_t behind = 0;
    std::string state;
    std::string times;
    std::string format = options_.format;
    const bool is_good = in.u8(behind) && in.text(state) && in.text(times) &&
                         (in.left() == 0 || in.text(format)) && in.left() == 0 &&
                         behind <= static_cast<std::uint8_t>(Behind::counted_part);
    if (is_good && format != options_.format)
        return fail(ErrorCode::conflict,
                    fmt::format("{}: the first lines of this log were imported in the format {}; "
                                "next: import it in that format",
                                path_, shown(format)));
    if (!is_good || !reader_->restore(state) || !resolver_.restore(times))
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: the ledger's cursor of this log is that of another format; "
                                "next: state the format of the first import",
                                path_));
    behind_ = static_cast<Behind>(behind);
    return {};
}

Result<Pull> LogFileMeter::pull(ReadingSink& sink, Duration /*wait: some lines take little*/) {
    if (already_complete_ || is_ended_) return Pull::end;
    const auto pulled = read_lines([&] { return read_line(sink); }, [this] { return end(); });
    text_.settle();
    readings_.flush(sink);
    return pulled;
}

Result<bool> LogFileMeter::read_line(ReadingSink& sink) {
    if (std::string_view text; behind_ == Behind::lines && text_.next_in_window(text)) {
        on_line(reader_->read(text, entry_), sink);
        return true;
    }
    if (behind_ == Behind::end_of_line) TRY(skip_end_of_line());
    TRY_ASSIGN(const auto line, text_.next());
    if (line) {
        const bool has_part = std::exchange(behind_, Behind::lines) == Behind::counted_part;
        on_line(has_part ? read_grown(*line) : read(*line), sink);
        return true;
    }
    // A damaged file ends anywhere.
    if (const auto rest = text_.rest(); rest && stream_.damage().empty()) on_rest(*rest, sink);
    return false;
}

LineResult LogFileMeter::read(const file::Line& line) {
    return line.is_cut ? LineResult::bad(BadReason::too_long) : reader_->read(line.text, entry_);
}

// Of a line with a beginning that counts: what it has more.
LineResult LogFileMeter::read_grown(const file::Line& line) {
    state_before_rest_ = reader_->save();
    const std::string_view part = line.text.substr(0, static_cast<std::size_t>(at_.rest));
    const LineResult before = reader_->read(part, entry_);
    logline::Entry counted = entry_;
    CHECK(reader_->restore(state_before_rest_).has_value());  // the reader made it itself
    const LineResult result = read(line);
    if (before.kind != LineKind::traffic) return result;
    --lines_;  // it was counted as a line
    if (result.kind == LineKind::traffic && !subtract(counted, entry_))
        return LineResult::bad(BadReason::number);
    return result;
}

Status LogFileMeter::skip_end_of_line() {
    while (behind_ == Behind::end_of_line) {
        TRY(stream_.fill(1));
        const ByteSpan octets = stream_.unread();
        if (octets.empty()) return {};
        const auto end = std::ranges::find(octets, std::byte{'\n'});
        if (end != octets.end()) behind_ = Behind::lines;
        const auto length = static_cast<std::size_t>(end - octets.begin());
        stream_.consume(std::min(length + 1, octets.size()));
    }
    return {};
}

void LogFileMeter::on_line(const LineResult& result, ReadingSink& sink) {
    ++lines_;
    if (result.kind == LineKind::bad) add_bad(result.reason);
    if (result.kind != LineKind::traffic && result.kind != LineKind::identity) return;
    const auto time = resolver_.resolve(entry_.time);
    if (!time) return add_bad(BadReason::time);
    ++entries_;
    last_time_ = time;
    if (result.kind == LineKind::identity) return readings_.add_identity(entry_, *time);
    readings_.add(entry_, *time, sink);
}

// The last line, without an end. The stream stays before it, unless it is too long.
void LogFileMeter::on_rest(const file::Line& line, ReadingSink& sink) {
    if (behind_ == Behind::counted_part) {
        on_line(read_grown(line), sink);
        return;
    }
    if (line.is_cut) {
        on_line(read(line), sink);
        behind_ = Behind::end_of_line;
        return;
    }
    state_before_rest_ = reader_->save();
    const UnfinishedRead read = read_unfinished(*reader_, line.text, entry_);
    if (read.result.kind == LineKind::traffic && !read.has_doubtful_name) {
        on_line(read.result, sink);
        behind_ = Behind::counted_part;
        return;
    }
    has_unread_end_ = true;
    has_doubtful_end_ = read.has_doubtful_name;
    CHECK(reader_->restore(state_before_rest_).has_value());
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
    if (counts.entries == 0 && readings_.identity_lines() == 0 && counts.other_layer > 0 &&
        resumed_at_ == 0)
        return fail(
            ErrorCode::unsupported,
            fmt::format("{}: its lines count {}, and bytes of two layers are never added "
                        "up; next: octroi import {}",
                        path_, wants_packets ? "data of applications" : "IP packets", other_noun));
    std::vector<std::string> defects;
    if (counts.other_layer > 0)
        defects.push_back(fmt::format("{} line{} left out, with the octets of {}",
                                      counts.other_layer,
                                      counts.other_layer == 1 ? " was" : "s were",
                                      wants_packets ? "applications" : "IP packets"));
    if (!stream_.damage().empty()) defects.push_back(stream_.damage());
    if (first_bad_ > 0)
        defects.push_back(fmt::format("{} line{} cannot be read; the first is line {}: {}",
                                      bad_ - bad_before_, bad_ - bad_before_ == 1 ? "" : "s",
                                      first_bad_, to_string(first_reason_)));
    if (has_unread_end_)
        defects.push_back(
            has_doubtful_end_
                ? "the last line has no end, so that a name in it may be incomplete, and was not "
                  "read; next: import the file again when it is complete, or add the line end"
                : "the last line has no end and states no traffic, and was not read; next: import "
                  "the file again when it is complete");
    if (!defects.empty()) warning_ = fmt::format("{}: {}", path_, fmt::join(defects, "; "));
    return {};
}

void LogFileMeter::add_losses(std::vector<Loss>& losses) {
    const Interval since = since_checkpoint(last_time_);
    if (bad_ > at_.dropped[0])
        losses.push_back({path_, LossReason::corrupt, since, bad_ - at_.dropped[0], std::nullopt});
    at_.dropped[0] = bad_;
    add_damage(last_time_, losses);
}

Result<Checkpoint> LogFileMeter::checkpoint(ReadingSink& sink) {
    Checkpoint out;
    if (already_complete_) return out;
    // All files without a line have the same content; and without an entry it may be another file.
    const bool has_entry =
        readings_.counts().entries > 0 || readings_.identity_lines() > 0 || resumed_at_ > 0;
    if (!has_moved() || lines_ == 0 || (!has_entry && !is_ended_)) return out;
    readings_.flush(sink);
    add_losses(out.losses);
    out.observed = readings_.drain_observed();
    at_.reader = save_state();
    move_cursor(last_time_, out);
    return out;
}

}  // namespace octroi::logs
