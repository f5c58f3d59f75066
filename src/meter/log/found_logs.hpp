// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds the logs of the servers of a machine, and how a [[meter]] of kind "log" would follow them:
// by the table of known servers, the configuration of web servers where it can be read, and the
// first lines of each log. Reads files, changes nothing. One thread.

#include <string>
#include <string_view>
#include <vector>

#include "host/rooted_files.hpp"

namespace octroi::logs {

// Octets of each log that are read, and the number of logs of which lines are read: of further logs
// the lines are not compared with the format.
inline constexpr std::size_t sample_octets = std::size_t{256} * 1024;
inline constexpr std::size_t samples_max = 256;
// Sections; a machine with more has its sites in one log, or names them in the paths.
inline constexpr std::size_t found_logs_max = 200;

struct FoundLog {
    std::string server;              // KnownServer::name
    std::vector<std::string> paths;  // patterns for `paths` of [[meter]]
    std::string format_key;          // "format", "log_format", "nginx_format", "squid_format"
    std::string format;              // its value
    std::string domain;              // for `domain` of [[meter]]; empty: the name of the machine
    // What the log does not state, and what to change. Sentences for people.
    std::vector<std::string> notes;
};

struct FoundLogs {
    std::vector<FoundLog> logs;
    // About logs that are not offered, and about configurations.
    std::vector<std::string> notes;
};

[[nodiscard]] FoundLogs find_logs(const RootedFiles& files);

}  // namespace octroi::logs
