// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The lines of a log file. One thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/stream.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

struct LogLine {
    std::string_view text;  // without its end; valid until the next call
    // The line has more than logline::line_octets_max octets: `text` is its beginning.
    bool is_too_long = false;
    // False: the last line of the file, which the server may still write. The stream is before it
    // (of a line that is too long: behind it), and there is no further line.
    bool has_end = true;
};

class LogLines {
public:
    // stream: must outlive this object. Only next() and settle() move it.
    explicit LogLines(file::Stream& stream) : stream_(&stream) {}

    // The next line; the stream is behind it. nullopt: there is none. Lines of any length take
    // bounded memory.
    [[nodiscard]] Result<std::optional<LogLine>> next();
    // The next line if it lies wholly in the window of the stream, without its end, valid until the
    // next call of another function: the fast way for most lines. The stream stays where it is
    // until settle() or next(). False: next() knows more.
    [[nodiscard]] bool next_in_window(std::string_view& line) noexcept {
        if (is_within_line_) return false;
        const std::string_view text = unread();
        const std::size_t end = text.find('\n', passed_);
        if (end == std::string_view::npos || end - passed_ > logline::line_octets_max) return false;
        line = text.substr(passed_, end - passed_);
        passed_ = end + 1;
        return true;
    }
    // Moves the stream behind the lines of next_in_window(), all at once: its digest of the content
    // is faster with many octets.
    void settle() {
        stream_->consume(passed_);
        passed_ = 0;
    }

    // The stream is within a line that is too long: its rest is no line. To save with a position.
    [[nodiscard]] bool is_within_line() const noexcept { return is_within_line_; }
    void set_within_line(bool is_within) noexcept { is_within_line_ = is_within; }

private:
    [[nodiscard]] std::string_view unread() const noexcept {
        const ByteSpan octets = stream_->unread();
        return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
    }
    [[nodiscard]] Status skip_rest_of_line();

    file::Stream* stream_;
    std::size_t passed_ =
        0;  // octets of the window before the next line, that the stream still has
    bool is_within_line_ = false;
    std::string begin_;  // of a line that is too long
};

}  // namespace octroi::logs
