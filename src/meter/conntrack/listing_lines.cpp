// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/listing_lines.hpp"

#include <algorithm>
#include <utility>

namespace octroi::conntrack {

std::string_view ListingLines::unread() const {
    const ByteSpan octets = stream_->unread();
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

Result<std::optional<std::string_view>> ListingLines::next() {
    std::size_t known = 0;  // octets of the window without an end of line
    for (;;) {
        TRY(stream_->fill(known + 1));
        const std::string_view text = unread();
        const std::size_t end = text.find('\n', known);
        if (end == std::string_view::npos && text.size() < line_octets_max) {
            if (stream_->ended()) return std::nullopt;
            known = text.size();
            continue;
        }
        const bool is_cut = end > line_octets_max;
        const std::string_view line = text.substr(0, std::min(end, line_octets_max));
        stream_->consume(line.size() + (is_cut ? 0 : 1));
        known = 0;
        if (!std::exchange(is_within_line_, is_cut)) return line;
    }
}

std::string_view ListingLines::rest() const {
    return is_within_line_ ? std::string_view() : unread();
}

}  // namespace octroi::conntrack
