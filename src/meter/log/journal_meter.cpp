// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/byte_cursor.hpp"
#include "host/command.hpp"

namespace octroi::logs {
namespace {

constexpr std::size_t octets_of_a_read = std::size_t{64} * 1024;
// Of one call of pull(), so that a full journal does not block the thread.
constexpr std::size_t reads_of_a_pull = 64;
constexpr std::uint8_t position_format = 1;

constexpr std::string_view journal_fields =
    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM,_HOSTNAME";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The cursor of the newest entry of the whole journal.
Result<std::string> newest_cursor() {
    const std::vector<std::string> arguments{"journalctl",      "--quiet",
                                             "--no-pager",      "--lines=1",
                                             "--output=export", std::string(journal_fields)};
    TRY_ASSIGN(const std::string text, run_command(arguments));
    logline::JournalExport decoder;
    logline::JournalEntry entry;
    std::string_view rest = text;
    std::string cursor;
    while (decoder.read(rest, entry)) cursor = entry.cursor;
    if (!cursor.empty()) return cursor;
    return fail(ErrorCode::not_found,
                "journalctl lists no entry: there is no journal on this machine, or its user may "
                "not read it; next: add the user to the group systemd-journal, or follow the files "
                "of syslog with kind = \"log\"");
}

}  // namespace

JournalMeter::JournalMeter(JournalMeterOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(&clock),
      readings_(options_.readings, options_.seed),
      lines_(std::make_unique<LineDecoder>(std::move(options_.reader), options_.times, readings_,
                                           line_counts_, readings_.names_of({}))),
      buffer_(octets_of_a_read) {}

Result<std::unique_ptr<JournalMeter>> JournalMeter::open(JournalMeterOptions options,
                                                         const Clock& clock,
                                                         std::span<const Cursor> cursors) {
    auto meter = std::unique_ptr<JournalMeter>(new JournalMeter(std::move(options), clock));
    TRY(meter->resume(cursors));
    if (meter->position_.empty()) {
        TRY_ASSIGN(meter->position_, newest_cursor());
    }
    TRY(meter->start());
    return meter;
}

// Position: u8 format, text cursor of the journal, text format, text state of its reader, text
// state of the times.
Status JournalMeter::resume(std::span<const Cursor> cursors) {
    cursor_.source = journal_source;
    const auto known = std::ranges::find(cursors, journal_source, &Cursor::source);
    if (known == cursors.end()) return {};
    cursor_ = *known;
    ByteCursor in(as_octets(cursor_.position));
    std::uint8_t version = 0;
    std::string format;
    std::string reader;
    std::string times;
    if (!in.u8(version) || version != position_format || !in.text(position_) || !in.text(format) ||
        !in.text(reader) || !in.text(times) || in.left() != 0)
        return fail(ErrorCode::corrupt,
                    "the ledger's cursor of the journal cannot be read; next: use the version of "
                    "octroi that wrote it");
    if (format != options_.format) reader.clear();
    if (const Status resumed = lines_->resume(reader, times); !resumed)
        warnings_.push_back(
            fmt::format("{}; sessions that had begun are not known", resumed.error().text));
    return {};
}

Status JournalMeter::start() {
    std::vector<std::string> arguments{"journalctl",
                                       "--quiet",
                                       "--no-pager",
                                       "--all",
                                       "--follow",
                                       "--no-tail",
                                       "--output=export",
                                       std::string(journal_fields),
                                       "--cursor=" + position_};
    known_ = position_;
    arguments.insert(arguments.end(), options_.matches.begin(), options_.matches.end());
    TRY_ASSIGN(Child child, Child::start(arguments));
    child_.emplace(std::move(child));
    return {};
}

Result<Pull> JournalMeter::pull(ReadingSink& sink, Duration wait) {
    // Without a cursor in the ledger a restart would begin behind entries of the meantime.
    if (cursor_.version == 0 && cursor_.position.empty()) return Pull::checkpoint;
    for (std::size_t i = 0; i < reads_of_a_pull; ++i) {
        TRY_ASSIGN(const auto octets, child_->read(buffer_, i == 0 ? wait : Duration{0}));
        if (!octets) {
            readings_.flush(sink);
            return fail(ErrorCode::failed,
                        fmt::format("journalctl has ended{}{}; next: run it by hand",
                                    child_->error_text().empty() ? "" : ": ",
                                    first_line(child_->error_text())));
        }
        if (*octets == 0) {
            readings_.flush(sink);
            return Pull::idle;
        }
        octets_ += *octets;
        read({buffer_.data(), *octets}, sink);
    }
    readings_.flush(sink);
    return Pull::more;
}

void JournalMeter::read(std::string_view octets, ReadingSink& sink) {
    static const std::string journal = "journal";
    logline::JournalEntry entry;
    lines_->set_sink(sink);
    while (decoder_.read(octets, entry)) {
        // The entry of the cursor, if it matches and is still there, comes first.
        const bool is_known = entry.cursor == std::exchange(known_, {});
        if (is_known) continue;
        ++entries_;
        const std::string text = entry.as_line();
        lines_->on_line({.text = text, .number = entries_, .offset = 0, .is_cut = entry.is_cut},
                        {journal, clock_->now()});
        position_ = std::move(entry.cursor);
    }
}

std::string JournalMeter::save() const {
    ByteWriter out;
    out.u8(position_format);
    out.text(position_);
    out.text(options_.format);
    out.text(lines_->save_reader());
    out.text(lines_->save_times());
    return out.drain();
}

Result<Checkpoint> JournalMeter::checkpoint(ReadingSink& sink) {
    readings_.flush(sink);
    Checkpoint out;
    if (const std::uint64_t bad = lines_->drain_bad_lines(); bad > 0) {
        const UtcTime now = clock_->now();
        const UtcTime last = lines_->last_time().value_or(now);
        out.losses.push_back({"journal",
                              LossReason::corrupt,
                              {std::min(last, now), std::max(last, now) + Duration{1}},
                              bad,
                              std::nullopt});
    }
    out.observed = readings_.drain_observed();
    std::string position = save();
    if (position == cursor_.position) return out;
    cursor_.position = std::move(position);
    ++cursor_.version;
    cursor_.note = "journal";
    out.cursors.push_back(cursor_);
    return out;
}

std::vector<CounterValue> JournalMeter::counters() const {
    FollowCounts follow;
    follow.octets = octets_;
    return values_of(line_counts_, readings_.counts(), follow, {.followed = 1});
}

}  // namespace octroi::logs
