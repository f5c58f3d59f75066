// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <mutex>

#include "host/file.hpp"
#include "host/terminal.hpp"

namespace octroi {
namespace {

std::mutex output;
bool progress_is_shown = false;

}  // namespace

void log(LogLevel /*level*/, std::string_view line) {
    const std::lock_guard lock(output);
    (void)write_out(STDERR_FILENO,
                    fmt::format("{}{}\n", progress_is_shown ? "\r\x1b[K" : "", line));
    progress_is_shown = false;
}

void show_progress(std::string_view line) {
    const std::lock_guard lock(output);
    if (!is_terminal(STDERR_FILENO) || (line.empty() && !progress_is_shown)) return;
    (void)write_out(STDERR_FILENO, fmt::format("\r\x1b[K{}", line));
    progress_is_shown = !line.empty();
}

}  // namespace octroi
