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

// To be printed before the first frame and after the last one: they switch to the alternate screen
// without a cursor, and back (private modes 1049 and 25 of xterm). screen_leave must be printed
// on every way out of the program.
inline constexpr std::string_view screen_enter = "\x1b[?1049h\x1b[?25l\x1b[2J";
inline constexpr std::string_view screen_leave = "\x1b[?25h\x1b[?1049l";

// One frame. It begins at the upper left corner and overwrites the whole screen without clearing it
// first, which would flicker. It is never wider or higher than `size`.
[[nodiscard]] std::string render(const TopModel& model, ScreenSize size,
                                 const ScreenOptions& options);

// A graph of the newest values, the newest on the right: `rows` lines from top to bottom, each of
// exactly `columns` columns. A value of `top` has the full height.
[[nodiscard]] std::vector<std::string> graph(std::span<const std::uint64_t> values,
                                             std::uint64_t top, int columns, int rows,
                                             bool unicode = true);

}  // namespace octroi
