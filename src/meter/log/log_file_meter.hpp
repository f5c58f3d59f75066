// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters a log file once: `octroi import log`. Its octets are those of the application (layer 7).
//
// The ledger contains a file once, whatever its name, and compressed or not (meter/file): a log
// that was rotated is known, and one that has grown continues at its former end. A last line
// without an end is not read: the server may still write it. A cursor holds what the format must
// remember between two lines.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/log/log_lines.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/time_resolver.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

inline constexpr std::string_view log_source_prefix = "logfile:";
static_assert(is_content_source(log_source_prefix));

struct LogFileMeterOptions {
    std::uint64_t checkpoint_lines = std::uint64_t{1} << 20U;
    LogReadingsOptions readings;
    std::uint64_t seed = 0;  // random, for file::recognise() and the table of names
};

class LogFileMeter final : public file::OnceMeter {
public:
    // known: the ledger's cursors with sources that begin with log_source_prefix. Errors: those of
    // file::Stream; corrupt (the state in the cursor). pull() may also return corrupt: no line of
    // the file has the format.
    [[nodiscard]] static Result<std::unique_ptr<LogFileMeter>> open(
        const std::string& path, std::unique_ptr<logline::LineReader> reader,
        const TimeResolver& resolver, const LogFileMeterOptions& options,
        std::span<const Cursor> known);

    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return stream_.position(); }
    [[nodiscard]] std::uint64_t size() const noexcept override { return stream_.status().size; }
    [[nodiscard]] std::uint64_t frames() const noexcept override { return lines_ - resumed_at_; }
    [[nodiscard]] const std::string& doubt() const noexcept override { return doubt_; }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_; }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return readings_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    LogFileMeter(std::string path, std::unique_ptr<logline::LineReader> reader,
                 const TimeResolver& resolver, const LogFileMeterOptions& options,
                 file::Stream stream);

    [[nodiscard]] Status recognise(std::span<const Cursor> known);
    [[nodiscard]] Status restore_state();
    [[nodiscard]] std::string save_state() const;
    // False: there is no further line.
    [[nodiscard]] Result<bool> read_line(ReadingSink& sink);
    void add_line(std::string_view line, ReadingSink& sink);
    void add_result(logline::LineResult result, ReadingSink& sink);
    void add_bad(logline::BadReason reason);
    [[nodiscard]] Status end();
    void add_losses(std::vector<Loss>& losses);

    std::string path_;  // for people
    std::unique_ptr<logline::LineReader> reader_;
    TimeResolver resolver_;
    LogFileMeterOptions options_;
    file::Stream stream_;
    LogLines text_;
    LogReadings readings_;

    file::Position at_;  // of the last checkpoint
    Cursor cursor_;
    logline::Entry entry_;
    bool is_ended_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::string known_as_;
    std::string doubt_;
    std::string warning_;

    std::uint64_t lines_ = 0;
    std::uint64_t entries_ = 0;     // since this object was opened
    std::uint64_t bad_ = 0;         // in the whole file
    std::uint64_t bad_before_ = 0;  // of them, in the ledger when this object was opened
    std::uint64_t first_bad_ = 0;   // the number of the line, since this object was opened
    logline::BadReason first_reason_ = logline::BadReason::none;
    bool has_unread_end_ = false;
    std::optional<UtcTime> last_time_;
};

}  // namespace octroi::logs
