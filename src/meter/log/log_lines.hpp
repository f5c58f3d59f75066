// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The lines of a log file. One thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/stream.hpp"

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
    // stream: must outlive this object. Only next() moves it.
    explicit LogLines(file::Stream& stream) : stream_(&stream) {}

    // The next line; the stream is behind it. nullopt: there is none. Lines of any length take
    // bounded memory.
    [[nodiscard]] Result<std::optional<LogLine>> next();

    // The stream is within a line that is too long: its rest is no line. To save with a position.
    [[nodiscard]] bool is_within_line() const noexcept { return is_within_line_; }
    void set_within_line(bool is_within) noexcept { is_within_line_ = is_within; }

private:
    [[nodiscard]] std::string_view unread() const;
    [[nodiscard]] Status skip_rest_of_line();

    file::Stream* stream_;
    bool is_within_line_ = false;
    std::string begin_;  // of a line that is too long
};

}  // namespace octroi::logs
