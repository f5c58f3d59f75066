// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace octroi::logs {
namespace {

constexpr std::size_t octets_of_a_read = std::size_t{64} * 1024;
// Of one call of pull(), so that a full journal does not block the thread.
constexpr std::size_t reads_of_a_pull = 64;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

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
    TRY(meter->find_place());
    TRY(meter->start());
    return meter;
}

Status JournalMeter::resume(std::span<const Cursor> cursors) {
    cursor_.source = journal_source;
    const auto known = std::ranges::find(cursors, journal_source, &Cursor::source);
    if (known == cursors.end()) return {};
    cursor_ = *known;
    TRY_ASSIGN(JournalPosition position, JournalPosition::parse(cursor_.position));
    place_ = std::move(position.place);
    if (position.format != options_.format) position.reader.clear();
    if (const Status resumed = lines_->resume(position.reader, position.times); !resumed)
        warnings_.push_back(
            fmt::format("{}; sessions that had begun are not known", resumed.error().text));
    return {};
}

Status JournalMeter::find_place() {
    if (place_.cursor.empty()) {
        TRY_ASSIGN(place_, newest_entry());
        return {};
    }
    TRY_ASSIGN(auto next, first_entry_from(place_.cursor));
    if (next && is_same_entry(next->cursor, place_.cursor)) return {};
    if (next) {
        next->is_read = false;
    } else {
        // The entries that are left are earlier, and may have been read: the meter begins behind
        // them.
        TRY_ASSIGN(next, newest_entry());
    }
    add_dropped(*next);
    place_ = *std::move(next);
    return {};
}

// next: the first entry that is left.
void JournalMeter::add_dropped(const JournalPlace& next) {
    const UtcTime begin = place_.realtime_us != 0 ? place_.time() : next.time();
    const UtcTime end = std::max(begin, next.time());
    losses_.push_back(
        {"journal", LossReason::truncated, {begin, end + Duration{1}}, std::nullopt, std::nullopt});
    ++dropped_;
    warnings_.push_back(
        fmt::format("the journal has dropped entries between {} and {} that were not read; next: "
                    "give it more space (SystemMaxUse in journald.conf), so that it keeps them as "
                    "long as octroi does not run",
                    to_rfc3339(begin), to_rfc3339(end)));
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
                                       "--cursor=" + place_.cursor};
    if (place_.is_read) known_ = place_.cursor;
    arguments.insert(arguments.end(), options_.matches.begin(), options_.matches.end());
    TRY_ASSIGN(Child child, Child::start(arguments));
    child_.emplace(std::move(child));
    return {};
}

Result<Pull> JournalMeter::pull(ReadingSink& sink, Duration wait) {
    // Without a cursor in the ledger a restart would begin behind entries of the meantime, and
    // without that of a loss it would report the loss again.
    if ((cursor_.version == 0 && cursor_.position.empty()) || !losses_.empty())
        return Pull::checkpoint;
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
        // The entry of the cursor, if it matches, comes first.
        const std::string known = std::exchange(known_, {});
        if (!known.empty() && is_same_entry(entry.cursor, known)) continue;
        ++entries_;
        const std::string text = entry.as_line();
        lines_->on_line({.text = text, .number = entries_, .offset = 0, .is_cut = entry.is_cut},
                        {journal, clock_->now()});
        place_ = {.cursor = std::move(entry.cursor), .realtime_us = entry.realtime_us};
    }
}

std::string JournalMeter::save() const {
    return JournalPosition{place_, options_.format, lines_->save_reader(), lines_->save_times()}
        .save();
}

Result<Checkpoint> JournalMeter::checkpoint(ReadingSink& sink) {
    readings_.flush(sink);
    Checkpoint out;
    out.losses = std::exchange(losses_, {});
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
    follow.losses = dropped_;
    return values_of(line_counts_, readings_.counts(), follow, {.followed = 1});
}

}  // namespace octroi::logs
