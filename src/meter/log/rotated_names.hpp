// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names that log rotation gives to the earlier files of a log. Names only: no system call.
//
//   access.log.1, access.log.2.gz           numbers (logrotate, newsyslog)
//   access.log-20261130, access.log.2026-11-30T10, access-20261130.log     dates (dateext, savelog)
//   access.log.old, access.log.gz
//
// Compressed files end in .gz, .bz2, .zst or .xz.

#include <string>
#include <string_view>

namespace octroi::logs {

// Whether a file `name` may be an earlier file of the log `log`, in the same folder or in the
// folder for rotated files. Both are names without a folder. A log is not an earlier file of
// itself.
[[nodiscard]] bool is_rotated_name(std::string_view log, std::string_view name);

// The name of the log of which `name` is an earlier file; empty: the name has no such form. A file
// of another kind may have such a name, so that the log must exist.
[[nodiscard]] std::string log_of_rotated_name(std::string_view name);

// Whether rotation gives the name to one file after the other: a number, a word, or compression
// alone. A log of its own has no such name; one with a date may have been chosen by the server.
[[nodiscard]] bool is_reused_rotated_name(std::string_view name);

}  // namespace octroi::logs
