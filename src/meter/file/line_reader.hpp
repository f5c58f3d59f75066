// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The lines of a text: a log, a listing. For all meters that read texts.
//
// A line ends with LF or CR LF. Input of any kind is bounded: of a line that is too long only the
// first octets are kept, and the reader passes over the others, whatever their number. Octets are
// given as they are, also NUL and octets that are not UTF-8; but NULs before the first octet of a
// line are passed over: a file system leaves such a hole after a power cut.
//
// One thread. Memory: at most octets_max, beside the window of the stream.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/stream.hpp"

namespace octroi::file {

struct Line {
    std::string_view text;     // without its end; valid until the next call of next()
    std::uint64_t number = 0;  // from 1
    // Of the first octet in the stream (decompressed), before NULs that were passed over.
    std::uint64_t offset = 0;
    bool is_cut = false;  // the line is longer than octets_max: these are its first octets
    bool has_end = true;  // else of LineReader::rest()
};

class LineReader {
public:
    // The largest octets_max: the window of a stream holds such a line.
    static constexpr std::size_t octets_max_limit = std::size_t{256} * 1024;

    // stream: must outlive this object; only next() moves it. It stands at the begin of a line.
    // octets_max: of a line without its end, 1 to octets_max_limit. lines_before: lines of the file
    // before the position of the stream, for Line::number.
    LineReader(Stream& stream, std::size_t octets_max, std::uint64_t lines_before = 0);

    // The next line that has an end; the stream is behind that end. nullopt: there is none, and the
    // stream has ended. Errors: those of Stream::fill(); the call may be repeated.
    [[nodiscard]] Result<std::optional<Line>> next();
    // The next line if it lies wholly in the window of the stream, valid until the next call of
    // another function: the fast way for most lines. The stream stays where it is until settle() or
    // next(). False: next() knows more.
    [[nodiscard]] bool next_in_window(std::string_view& line) noexcept;
    // Moves the stream behind the lines of next_in_window(), all at once: its digest of the content
    // is faster with many octets.
    void settle();
    // After next() returned nullopt: the octets behind the last end of a line. They may be part of
    // a line that another program is still writing. nullopt: there are none.
    [[nodiscard]] std::optional<Line> rest() const;

    // Of the lines that next() returned.
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }  // lines_before included
    [[nodiscard]] std::uint64_t cut_lines() const noexcept { return cut_lines_; }
    // Octets that are 0 and were passed over.
    [[nodiscard]] std::uint64_t skipped_nuls() const noexcept { return skipped_nuls_; }

private:
    [[nodiscard]] std::string_view unread() const;
    [[nodiscard]] Status skip_nuls();
    // True: the end of the line that is too long was found.
    [[nodiscard]] Result<bool> skip_line();
    [[nodiscard]] Line made(std::string_view text, bool is_cut) const;

    Stream* stream_;
    std::size_t octets_max_;
    std::uint64_t lines_;
    std::uint64_t cut_lines_ = 0;
    std::uint64_t skipped_nuls_ = 0;
    std::uint64_t offset_ = 0;     // of the line that is read now
    std::size_t passed_ = 0;       // octets of the window before the next line, not settled yet
    bool is_within_line_ = false;  // NULs before it were passed over
    bool is_cut_ = false;          // behind the first octets of a line that is too long
    std::string cut_;              // these octets
};

}  // namespace octroi::file
