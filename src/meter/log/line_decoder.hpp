// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes the lines of one log: line, entry, time, readings. One thread.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "meter/log/entry_readings.hpp"
#include "meter/log/followed_log.hpp"
#include "meter/log/line_times.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

// Of all logs of a meter.
struct LineCounts {
    std::uint64_t lines = 0;
    std::uint64_t other = 0;                                     // lines that report no traffic
    std::array<std::uint64_t, logline::bad_reason_count> bad{};  // by logline::BadReason
    std::uint64_t evicted = 0;  // sessions that a format dropped because there are too many

    [[nodiscard]] std::uint64_t bad_lines() const noexcept;
};

class LineDecoder final : public LineSink {
public:
    // readings and counts: shared by the logs of a meter; must outlive this object.
    LineDecoder(std::unique_ptr<logline::LineReader> reader, const Zone& zone,
                EntryReadings& readings, LineCounts& counts, const LogNames& names)
        : reader_(std::move(reader)),
          times_(zone),
          readings_(&readings),
          counts_(&counts),
          names_(names) {}

    // A bad line is counted, and logged (host/log_limit.hpp).
    void on_line(const file::Line& line, const LineOrigin& origin) override;
    // Lines from now on are in the ledger already: they are read for the state only.
    void skip(bool is_skipping) noexcept { is_skipping_ = is_skipping; }

    // For a restart. Errors of resume(): corrupt; then the reader has no state.
    [[nodiscard]] std::string save() const { return reader_->save(); }
    [[nodiscard]] Status resume(std::string_view reader_state, std::optional<UtcTime> last);
    // The latest time of a line.
    [[nodiscard]] const std::optional<UtcTime>& last_time() const noexcept { return times_.last(); }

    // Since the last call.
    [[nodiscard]] std::uint64_t drain_bad_lines() noexcept { return std::exchange(bad_lines_, 0); }
    [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
    // The first bad line of all; 0: there was none.
    [[nodiscard]] std::uint64_t first_bad_line() const noexcept { return first_bad_line_; }

private:
    void on_bad(logline::BadReason reason, const file::Line& line, const LineOrigin& origin);

    std::unique_ptr<logline::LineReader> reader_;
    LineTimes times_;
    EntryReadings* readings_;
    LineCounts* counts_;
    LogNames names_;
    logline::Entry entry_;
    bool is_skipping_ = false;
    std::uint64_t entries_ = 0;
    std::uint64_t bad_lines_ = 0;
    std::uint64_t first_bad_line_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::logs
