// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/known_cursors.hpp"

#include <algorithm>

#include "meter/log/log_cursor.hpp"

namespace octroi::logs {
namespace {

bool is_taken_over(const Cursor& cursor, std::string_view format) {
    const auto position = LogPosition::parse(cursor.position);
    return position && !position->path.empty() && position->format == format;
}

}  // namespace

std::vector<Cursor> known_cursors(std::span<const Cursor> own, std::span<const OtherCursor> others,
                                  std::span<const MeterConfig> configured,
                                  std::string_view format) {
    std::vector<Cursor> cursors(own.begin(), own.end());
    for (const OtherCursor& other : others) {
        const bool is_configured = std::ranges::any_of(
            configured, [&](const MeterConfig& meter) { return meter.name == other.meter; });
        const bool is_followed = other.cursor.source.starts_with(followed_source_prefix);
        if (!is_followed || (!is_configured && is_taken_over(other.cursor, format)))
            cursors.push_back(other.cursor);
    }
    return cursors;
}

}  // namespace octroi::logs
