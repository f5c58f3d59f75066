// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_lines.hpp"

namespace octroi::logs {

using logline::line_octets_max;

// At the end of the file the stream stays within the line.
Status LogLines::skip_rest_of_line() {
    while (is_within_line_) {
        TRY(stream_->fill(1));
        const std::string_view text = unread();
        if (text.empty()) break;
        const std::size_t end = text.find('\n');
        is_within_line_ = end == std::string_view::npos;
        stream_->consume(is_within_line_ ? text.size() : end + 1);
    }
    return {};
}

Result<std::optional<LogLine>> LogLines::next() {
    settle();
    TRY(skip_rest_of_line());
    if (is_within_line_) return std::nullopt;
    std::size_t known = 0;  // octets of the window without an end of line
    for (;;) {
        const std::string_view text = unread();
        const std::size_t end = text.find('\n', known);
        if (end <= line_octets_max) {
            stream_->consume(end + 1);
            return LogLine{text.substr(0, end)};
        }
        if (text.size() > line_octets_max) {
            constexpr std::size_t kept_octets = 4096;
            begin_.assign(text.substr(0, kept_octets));
            stream_->consume(line_octets_max);
            is_within_line_ = true;
            TRY(skip_rest_of_line());
            return LogLine{begin_, true, !is_within_line_};
        }
        if (stream_->ended()) {
            if (text.empty()) return std::nullopt;
            return LogLine{text, false, false};
        }
        known = text.size();
        TRY(stream_->fill(known + 1));
    }
}

}  // namespace octroi::logs
