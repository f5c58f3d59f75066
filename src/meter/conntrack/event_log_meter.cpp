// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/event_log_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "host/log.hpp"

namespace octroi::conntrack {
namespace {

// Of a connection the begin of which is not known, for the bound of its volume.
constexpr Duration unknown_age = Duration::hours(24);
// conntrack writes this to its standard error, which may be in the same file.
constexpr std::string_view overrun_line = "WARNING: We have hit ENOBUFS";
// The shortest header of IPv4, and the longest packet that the kernel merges (GSO_MAX_SIZE).
constexpr std::uint64_t octets_of_a_packet_min = 20;
constexpr std::uint64_t octets_of_a_packet_max = 8 * 65'535;

bool contradicts_itself(const Count& count) {
    const std::uint64_t packets_max = count.bytes / octets_of_a_packet_min;
    return count.packets > packets_max || (count.packets == 0 && count.bytes > 0) ||
           (count.packets > 0 && count.bytes / octets_of_a_packet_max > count.packets);
}

}  // namespace

EventLogMeter::EventLogMeter(const std::string& path, const EventLogMeterOptions& options,
                             file::Stream stream)
    : TextOnceMeter(path,
                    {.source_prefix = event_log_source_prefix,
                     .line_octets_max = listing_line_octets_max,
                     .checkpoint_lines = options.checkpoint_lines,
                     .dropped = missing_kinds,
                     .seed = options.seed},
                    std::move(stream)),
      options_(options),
      begun_(options.secret, options.begun_max),
      readings_(options.link_bits_per_second) {}

Result<std::unique_ptr<EventLogMeter>> EventLogMeter::open(const std::string& path,
                                                           const EventLogMeterOptions& options,
                                                           std::span<const Cursor> known) {
    TRY_ASSIGN(file::Stream stream, open_text(path));
    auto meter =
        std::unique_ptr<EventLogMeter>(new EventLogMeter(path, options, std::move(stream)));
    TRY_ASSIGN(const bool goes_on, meter->recognise(known));
    if (goes_on) TRY(meter->look_for_more());
    return meter;
}

// Reads the lines that are in the ledger once more, for the connections that began in them.
Status EventLogMeter::begin() {
    is_begun_ = true;
    TRY_ASSIGN(const bool is_rewound, stream_.move_to(0));
    CHECK(is_rewound);
    is_skipping_ = true;
    while (lines_ < at_.frames) {
        TRY_ASSIGN(const bool has_more, read_line());
        if (!has_more) break;
    }
    is_skipping_ = false;
    return {};
}

Result<Pull> EventLogMeter::pull(ReadingSink& sink, Duration /*wait: some lines take little*/) {
    if (already_complete_ || is_ended_) return Pull::end;
    readings_.set_sink(sink);
    if (!is_begun_) TRY(begin());
    const auto pulled = read_lines([this] { return read_line(); }, [this] { return end(); });
    readings_.flush();
    return pulled;
}

Result<bool> EventLogMeter::read_line() {
    TRY_ASSIGN(const auto line, text_.next());
    if (!line) return false;
    ++lines_;
    if (line->text.starts_with(overrun_line)) {
        ++missing_[overruns];
        return true;
    }
    ListedConnection connection;
    const ListingLine decoded =
        line->is_cut ? ListingLine::malformed : decode_line(line->text, connection);
    if (decoded == ListingLine::malformed && missing_[malformed]++ == 0) first_malformed_ = lines_;
    if (decoded != ListingLine::connection) return true;
    if (connection.event == ListedEvent::none)
        ++listed_;
    else
        TRY(on_event(connection));
    return true;
}

Status EventLogMeter::on_event(const ListedConnection& connection) {
    if (!connection.time && !last_time_)
        return fail(ErrorCode::unsupported,
                    fmt::format("{}: line {} has no time; next: write the log with conntrack -E "
                                "-o timestamp",
                                path_, lines_));
    if (!connection.time) {
        if (missing_[malformed]++ == 0) first_malformed_ = lines_;
        return {};
    }
    ++events_;
    last_time_ = connection.time;
    if (connection.event == ListedEvent::begun) {
        PostedConnection begun;
        begun.posted_until = *connection.time;
        // Beyond the limit the begin is not known.
        static_cast<void>(begun_.insert(begun_.key_of(connection.entry), begun));
    }
    if (connection.event == ListedEvent::ended) on_ended(connection);
    return {};
}

void EventLogMeter::on_ended(const ListedConnection& connection) {
    const Entry& entry = connection.entry;
    const ConnectionKey key = begun_.key_of(entry);
    const PostedConnection* const begun = begun_.find(key);
    ConnectionIncrease increase;
    increase.last = *connection.time;
    if (begun != nullptr) {
        increase.first = begun->posted_until;
        begun_.erase(key);
    } else if (connection.age_seconds) {
        increase.first = increase.last - Duration::seconds(*connection.age_seconds);
        increase.before_first = Duration::seconds(1);
    } else {
        increase.first = increase.last;
        increase.before_first = unknown_age;
    }
    if (!entry.has_counts) ++missing_[uncounted];
    if (!entry.has_counts || is_skipping_) return;
    increase.original = entry.original;
    increase.reply = entry.reply;
    increase.begins_original = increase.begins_reply = true;
    increase.is_contradictory =
        contradicts_itself(entry.original) || contradicts_itself(entry.reply);
    readings_.add(entry.connection, increase);
}

// Sets the warning. Errors: the file is no log.
Status EventLogMeter::end() {
    if (events_ == 0 && listed_ > 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("{} is a listing of live connections: what they carried would "
                                "count again in a later listing and when they end; next: octroi "
                                "inspect conntrack {}, or import a log of conntrack -E -o "
                                "timestamp",
                                path_, path_));
    if (events_ == 0 && missing_[malformed] > 0)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is no log of connections; next: import the output of conntrack "
                                "-E -o timestamp",
                                path_));
    if (listed_ > 0)
        log_warning(
            fmt::format("{}: {} lines list live connections, and do not count", path_, listed_));
    std::vector<std::string> defects;
    if (!stream_.damage().empty()) defects.push_back(stream_.damage());
    if (missing_[malformed] > 0)
        defects.push_back(fmt::format("{} lines are no connections; the first one is line {}",
                                      missing_[malformed], first_malformed_));
    if (missing_[uncounted] > 0)
        defects.push_back(fmt::format("{} connections have no counters (nf_conntrack_acct was 0)",
                                      missing_[uncounted]));
    if (missing_[overruns] > 0)
        defects.push_back(fmt::format("conntrack lost events {} times", missing_[overruns]));
    if (!stream_.unread().empty())
        defects.push_back(
            "the last line has no end, and was not read; next: import the file again "
            "when it is complete");
    if (!defects.empty()) warning_ = fmt::format("{}: {}", path_, fmt::join(defects, "; "));
    return {};
}

// ---- Checkpoints

void EventLogMeter::add_losses(std::vector<Loss>& losses) {
    const Interval since = since_checkpoint(last_time_);
    constexpr std::array<LossReason, missing_kinds> reasons{
        LossReason::corrupt, LossReason::not_running, LossReason::event_drop};
    for (std::size_t kind = 0; kind < missing_kinds; ++kind) {
        if (missing_.at(kind) > at_.dropped[kind])
            losses.push_back({path_, reasons.at(kind), since, std::nullopt, std::nullopt});
        at_.dropped[kind] = missing_.at(kind);
    }
    add_damage(last_time_, losses);
}

Result<Checkpoint> EventLogMeter::checkpoint(ReadingSink& sink) {
    Checkpoint out;
    if (already_complete_ || !is_begun_) return out;
    // All files without a line have the same content; and without an event it may be no log.
    if (!has_moved() || lines_ == 0 || (events_ == 0 && !is_ended_)) return out;
    readings_.set_sink(sink);
    readings_.flush();
    add_losses(out.losses);
    out.observed = readings_.drain_observed();
    move_cursor(last_time_, out);
    return out;
}

}  // namespace octroi::conntrack
