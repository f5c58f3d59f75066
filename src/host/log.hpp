// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages for people and log collectors, on standard error: never part of a command's output. Any
// thread. Behind it is spdlog, in log.cpp alone.
//
// Messages that input from outside can cause go through host/log_limit.hpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace octroi {

enum class LogLevel : std::uint8_t { error, warning, info, debug };
inline constexpr std::size_t log_levels = 4;

enum class LogFormat : std::uint8_t {
    plain,    // the message alone: for commands that a person has typed
    text,     // local time, level, message
    journal,  // "<4>message", as systemd reads it: sd-daemon(3)
    json,     // an object a line: time (RFC 3339, UTC), level, message
};

// One message, without a line end. Control characters are written as "\x1b", so that a name from
// outside acts on no terminal and begins no line; plain lines keep line ends and tabs.
void log(LogLevel level, std::string_view message);
inline void log_error(std::string_view message) { log(LogLevel::error, message); }
inline void log_warning(std::string_view message) { log(LogLevel::warning, message); }
inline void log_info(std::string_view message) { log(LogLevel::info, message); }
inline void log_debug(std::string_view message) { log(LogLevel::debug, message); }

// "error", "warning", "info", "debug".
[[nodiscard]] std::string_view to_string(LogLevel level);
// Nothing for other words.
[[nodiscard]] std::optional<LogLevel> log_level(std::string_view word);

// Messages below `level` are not written. At first: info.
void set_log_level(LogLevel level);
// Whether a message of this level would be written.
[[nodiscard]] bool is_logged(LogLevel level);

// At first: plain.
void set_log_format(LogFormat format);
// journal where standard error is the journal's (JOURNAL_STREAM names its device and inode:
// systemd.exec(5)), else text.
[[nodiscard]] LogFormat format_of_standard_error();

// How many messages were written since the process began, by LogLevel.
[[nodiscard]] std::array<std::uint64_t, log_levels> logged_messages();

// A line that is rewritten in place while standard error is a terminal, and is not shown elsewhere.
// An empty line ends it.
void show_progress(std::string_view line);

}  // namespace octroi
