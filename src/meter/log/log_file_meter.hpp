// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters a log file once: `octroi import log`. Its octets are those of the application (layer 7).
//
// The ledger contains a file once, whatever its name, and compressed or not (meter/file): a log
// that was rotated is known, and one that has grown continues at its former end. A last line
// without an end counts too, if it reports traffic and no name in it may be incomplete
// (unfinished_line.hpp): once, because a later import of the file, when it has grown, adds only
// what the whole line has more. A cursor holds the format, and what the
// format must remember between two lines.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meter/file/text_once_meter.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/time_resolver.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

inline constexpr std::string_view log_source_prefix = "logfile:";
static_assert(is_content_source(log_source_prefix));

struct LogFileMeterOptions {
    std::uint64_t checkpoint_lines = std::uint64_t{1} << 20U;
    LogReadingsOptions readings;
    // Of the lines, with what describes it. A log goes on with the format of its first import.
    std::string format;
    std::uint64_t seed = 0;  // random, for file::recognise() and the table of names
};

// How far the lines of an imported file count, in octets.
[[nodiscard]] std::uint64_t counted_octets(const file::Position& position);

class LogFileMeter final : public file::TextOnceMeter {
public:
    // known: the ledger's cursors with sources that begin with log_source_prefix. Errors: those of
    // file::Stream; corrupt (the state in the cursor); conflict (it was imported in another
    // format). pull() may also return corrupt: no line of the file has the format.
    [[nodiscard]] static Result<std::unique_ptr<LogFileMeter>> open(
        const std::string& path, std::unique_ptr<logline::LineReader> reader,
        const TimeResolver& resolver, const LogFileMeterOptions& options,
        std::span<const Cursor> known);

    [[nodiscard]] std::uint64_t frames() const noexcept override { return lines_ - resumed_at_; }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return readings_.names(); }

private:
    // What lies behind the position of a cursor.
    enum class Behind : std::uint8_t {
        lines,
        end_of_line,   // of a line that is too long; its beginning was a bad line
        counted_part,  // Position::rest octets of the last line, which had no end: they count
    };

    LogFileMeter(const std::string& path, std::unique_ptr<logline::LineReader> reader,
                 const TimeResolver& resolver, const LogFileMeterOptions& options,
                 file::Stream stream);

    [[nodiscard]] Status resume();
    [[nodiscard]] Status restore_state();
    [[nodiscard]] std::string save_state() const;
    // False: there is no further line.
    [[nodiscard]] Result<bool> read_line(ReadingSink& sink);
    [[nodiscard]] Status skip_end_of_line();
    [[nodiscard]] logline::LineResult read(const file::Line& line);
    void on_line(const logline::LineResult& result, ReadingSink& sink);
    void on_rest(const file::Line& line, ReadingSink& sink);
    [[nodiscard]] logline::LineResult read_grown(const file::Line& line);
    void add_bad(logline::BadReason reason);
    [[nodiscard]] Status end();
    void add_losses(std::vector<Loss>& losses);

    std::unique_ptr<logline::LineReader> reader_;
    TimeResolver resolver_;
    LogFileMeterOptions options_;
    LogReadings readings_;

    logline::Entry entry_;
    Behind behind_ = Behind::lines;
    std::string state_before_rest_;  // of the format; of use with Behind::counted_part
    std::uint64_t entries_ = 0;      // since this object was opened
    std::uint64_t bad_ = 0;          // in the whole file
    std::uint64_t bad_before_ = 0;   // of them, in the ledger when this object was opened
    std::uint64_t first_bad_ = 0;    // the number of the line, since this object was opened
    logline::BadReason first_reason_ = logline::BadReason::none;
    bool has_unread_end_ = false;
    bool has_doubtful_end_ = false;  // for a name that may be incomplete
    std::optional<UtcTime> last_time_;
};

}  // namespace octroi::logs
