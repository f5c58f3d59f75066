// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "view/top.hpp"
#include "view/zone.hpp"

namespace octroi {

struct ScreenSize {
    int columns = 80;
    int rows = 24;
};

struct ScreenOptions {
    bool colour = true;
    bool unicode = true;
    Zone zone = Zone::utc();
};

// What to print before the first frame and after the last one: another screen, no cursor (xterm's
// private modes 1049 and 25). The second must be printed however the program ends.
inline constexpr std::string_view screen_enter = "\x1b[?1049h\x1b[?25l\x1b[2J";
inline constexpr std::string_view screen_leave = "\x1b[?25h\x1b[?1049l";

// One frame, to be printed as it is: it begins at the upper left corner, overwrites all of the
// screen without blanking it first, and is never wider or higher than `size`.
[[nodiscard]] std::string render(const TopModel& model, ScreenSize size,
                                 const ScreenOptions& options);

// A graph of the newest values, newest on the right, `rows` lines of exactly `columns` columns from
// top to bottom. `top` is the value of the full height.
[[nodiscard]] std::vector<std::string> graph(std::span<const std::uint64_t> values,
                                             std::uint64_t top, int columns, int rows,
                                             bool unicode = true);

}  // namespace octroi
