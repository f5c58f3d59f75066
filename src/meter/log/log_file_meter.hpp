// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Meters one file of a log: `octroi import log`.
//
// The ledger contains a file once, whatever its name and compression (meter/file). A file that has
// grown gives only its new lines. To continue, the lines before the cursor are read once more, for
// what the format remembers of them. A last line without an end is not read if the file can grow;
// of a compressed file and of standard input it is.
//
// A file that a running meter follows is refused: that meter counts its lines.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "meter/file/line_reader.hpp"
#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/entry_readings.hpp"
#include "meter/log/line_decoder.hpp"
#include "meter/log/path_pattern.hpp"

namespace octroi::logs {

inline constexpr std::string_view log_file_source_prefix = "logfile:";
static_assert(is_content_source(log_file_source_prefix));

struct LogFileMeterOptions {
    Zone zone = Zone::utc();
    PathNames names;   // of entries that state none
    std::string host;  // the domain of entries without any name
    ReadingOptions readings;
    std::uint64_t checkpoint_lines = std::uint64_t{1} << 20U;
    std::uint64_t seed = 0;  // random, for file::recognise()
};

class LogFileMeter final : public file::OnceMeter {
public:
    // known: the ledger's cursors with sources that begin with "log": of imported files and of
    // followed ones. Errors: those of file::Stream; conflict (a meter follows the file). pull() may
    // also return corrupt (no line of the file is of the format).
    [[nodiscard]] static Result<std::unique_ptr<LogFileMeter>> open(
        const std::string& path, std::unique_ptr<logline::LineReader> reader,
        const LogFileMeterOptions& options, std::span<const Cursor> known);

    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return stream_.position(); }
    [[nodiscard]] std::uint64_t size() const noexcept override { return stream_.status().size; }
    [[nodiscard]] std::uint64_t frames() const noexcept override {
        return is_begun_ ? lines_ - resumed_at_ : 0;
    }
    [[nodiscard]] const std::string& doubt() const noexcept override { return doubt_; }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_; }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return readings_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    LogFileMeter(std::string path, std::unique_ptr<logline::LineReader> reader,
                 const LogFileMeterOptions& options, file::Stream stream);
    [[nodiscard]] Status recognise(std::span<const Cursor> known);
    [[nodiscard]] Status refuse_followed(std::span<const Cursor> known);
    [[nodiscard]] Status begin();
    // False: there is no further line.
    [[nodiscard]] Result<bool> read_line(bool with_rest);
    [[nodiscard]] Status end();
    // The file cannot grow.
    [[nodiscard]] bool is_final() const noexcept { return !stream_.seeks(); }

    std::string path_;  // for people
    LogFileMeterOptions options_;
    file::Stream stream_;
    std::optional<file::LineReader> text_;
    EntryReadings readings_;
    LineCounts counts_;
    LineDecoder decoder_;

    file::Position at_;  // of the last checkpoint
    Cursor cursor_;
    bool is_begun_ = false;
    bool is_ended_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::string known_as_;
    std::string doubt_;
    std::string warning_;
    std::uint64_t lines_ = 0;
    std::uint64_t octets_ = 0;
};

}  // namespace octroi::logs
