// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes the lines of one log: line, entry, time, readings. One thread.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "meter/log/followed_log.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/time_resolver.hpp"
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
    LineDecoder(std::unique_ptr<logline::LineReader> reader, const TimeResolver& times,
                LogReadings& readings, LineCounts& counts, const LogNames& names)
        : reader_(std::move(reader)),
          times_(times),
          readings_(&readings),
          counts_(&counts),
          names_(names) {}

    // Before lines. The sink must outlive the calls of on_line().
    void set_sink(ReadingSink& sink) noexcept { sink_ = &sink; }
    // A bad line is counted, and logged (host/log_limit.hpp). So is a line without an end in which
    // a name may be incomplete (unfinished_line.hpp): of a file that is finished.
    void on_line(const file::Line& line, const LineOrigin& origin) override;
    // For a restart. Errors of resume(): corrupt; then there is no state.
    [[nodiscard]] std::string save_reader() const { return reader_->save(); }
    [[nodiscard]] std::string save_times() const { return times_.save(); }
    [[nodiscard]] Status resume(std::string_view reader, std::string_view times);
    // The latest time of a line that this object has read.
    [[nodiscard]] const std::optional<UtcTime>& last_time() const noexcept { return last_time_; }

    // Since the last call: bad lines, and those with a volume that may be incomplete.
    [[nodiscard]] std::uint64_t drain_bad_lines() noexcept { return std::exchange(bad_lines_, 0); }

private:
    void on_bad(logline::BadReason reason, const file::Line& line, const LineOrigin& origin);
    void on_short_volume(const file::Line& line, const LineOrigin& origin);

    std::unique_ptr<logline::LineReader> reader_;
    TimeResolver times_;
    LogReadings* readings_;
    LineCounts* counts_;
    LogNames names_;
    logline::Entry entry_;
    ReadingSink* sink_ = nullptr;
    std::optional<UtcTime> last_time_;
    std::uint64_t bad_lines_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::logs
