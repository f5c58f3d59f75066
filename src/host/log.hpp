// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages for people, on standard error: never part of a command's output. Any thread.

#include <cstdint>
#include <string_view>

namespace octroi {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

// One line, without a line end.
void log(LogLevel level, std::string_view line);
inline void log_error(std::string_view line) { log(LogLevel::error, line); }
inline void log_warning(std::string_view line) { log(LogLevel::warning, line); }
inline void log_info(std::string_view line) { log(LogLevel::info, line); }
inline void log_debug(std::string_view line) { log(LogLevel::debug, line); }

// A line that is rewritten in place while standard error is a terminal, and is not shown elsewhere.
// An empty line ends it.
void show_progress(std::string_view line);

}  // namespace octroi
