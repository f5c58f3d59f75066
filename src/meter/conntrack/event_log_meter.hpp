// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters a log of connections: the output of `conntrack -E -o timestamp` (conntrack-tools). Each
// [DESTROY] line states what a connection has carried in all, and becomes readings from its begin
// to its end. Each connection has one such line, so a log counts it once.
//
// - The begin is the time of the [NEW] line in the log, or else the end less delta-time (whole
//   seconds; of nf_conntrack_timestamp). Without both the reading is at the end.
// - A line without an event (conntrack -L, /proc/net/nf_conntrack) states what a live connection
//   has carried so far. A later listing, and the event of its end, state that again, so these lines
//   do not count; a file with no other lines is refused.
// - Two logs of the same time and machine both have the connections: they count twice. Import one
//   of them with the role `witness`.
//
// The ledger contains a file once, whatever its name (meter/file). To continue from a cursor, the
// file is read from its beginning for the times of [NEW] lines. A last line without an end is not
// read: the log may grow.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/conntrack/connection_readings.hpp"
#include "meter/conntrack/connection_table.hpp"
#include "meter/file/text_once_meter.hpp"
#include "wire/conntrack/listing.hpp"

namespace octroi::conntrack {

inline constexpr std::string_view event_log_source_prefix = "conntrackfile:";
static_assert(is_content_source(event_log_source_prefix));

struct EventLogMeterOptions {
    std::uint64_t checkpoint_lines = std::uint64_t{1} << 20U;
    std::uint64_t link_bits_per_second = 800'000'000'000;
    // Connections that began, and have not ended yet, at a time. Beyond it their begin is not
    // known.
    std::size_t begun_max = std::size_t{1} << 18U;
    std::uint64_t seed = 0;            // random, for file::recognise()
    ConnectionTable::Secret secret{};  // random
};

class EventLogMeter final : public file::TextOnceMeter {
public:
    // known: the ledger's cursors with sources that begin with event_log_source_prefix. Errors:
    // those of file::Stream. pull() may also return corrupt (the file is no log of connections)
    // and unsupported (a listing of live connections; events without a time).
    [[nodiscard]] static Result<std::unique_ptr<EventLogMeter>> open(
        const std::string& path, const EventLogMeterOptions& options,
        std::span<const Cursor> known);

    [[nodiscard]] std::uint64_t frames() const noexcept override {
        return is_begun_ ? lines_ - resumed_at_ : 0;
    }
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }

private:
    // Lines of the file that state missing traffic, by index of Position::dropped.
    enum Missing : std::size_t { malformed, uncounted, overruns, missing_kinds };

    EventLogMeter(const std::string& path, const EventLogMeterOptions& options,
                  file::Stream stream);

    [[nodiscard]] Status begin();
    // False: there is no further line.
    [[nodiscard]] Result<bool> read_line();
    [[nodiscard]] Status on_event(const ListedConnection& connection);
    void on_ended(const ListedConnection& connection);
    [[nodiscard]] Status end();
    void add_losses(std::vector<Loss>& losses);

    EventLogMeterOptions options_;
    ConnectionTable begun_;  // PostedConnection::posted_until: the time of the [NEW] line
    ConnectionReadings readings_;
    NameTable names_;  // empty

    bool is_begun_ = false;
    bool is_skipping_ = false;  // these lines are in the ledger
    std::uint64_t events_ = 0;
    std::uint64_t listed_ = 0;  // lines without an event
    std::array<std::uint64_t, missing_kinds> missing_{};
    std::uint64_t first_malformed_ = 0;  // the number of the line
    std::optional<UtcTime> last_time_;
};

}  // namespace octroi::conntrack
