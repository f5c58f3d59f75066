// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/zone.hpp"

#include <fmt/format.h>

namespace octroi {

std::string local_text(UtcTime t, const Zone& zone, bool with_seconds) {
    const LocalTime local = zone.at(t);
    const auto s = local.second_of_day;
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.year, local.month,
                                   local.day, s / 3600, s / 60 % 60);
    if (with_seconds) text += fmt::format(":{:02}", s % 60);
    return text;
}

std::string offset_text(UtcTime t, const Zone& zone) {
    const std::int64_t offset = zone.offset_seconds(t);
    const std::int64_t size = offset < 0 ? -offset : offset;
    return fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', size / 3600, size / 60 % 60);
}

}  // namespace octroi
