// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The logs that the configurations of Squid (squid.conf: access_log, logformat, include; the
// manual of Squid 5) and of vsftpd (vsftpd.conf(5) of vsftpd 3.0) name. Plain values; pure
// functions; any thread. The configuration is not checked: the server does that.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::server_config {

// Bounds: logs and files beyond them are left out.
inline constexpr std::size_t logs_max = 100;
inline constexpr std::size_t include_depth_max = 16;
inline constexpr std::size_t included_files_max = 1000;

struct ServerLog {
    std::string path;          // absolute
    std::string format;        // of logline::formats(); empty: `pattern` describes it
    std::string pattern;       // a logformat of Squid
    bool conditional = false;  // not every request is in the log: it has access lists

    auto operator<=>(const ServerLog&) const = default;
};

struct ServerLogs {
    std::vector<ServerLog> logs;  // in the order of preference; they may have the same transfers
    // Why a log is not in `logs`. Sentences for people, without the name of the server.
    std::vector<std::string> notes;
};

// The contents of the files that match a pattern of the shell; those that cannot be read are left
// out.
using ReadMatching = std::function<std::vector<std::string>(const std::string& pattern)>;

// text: of squid.conf. No log and no note: it has the log of the package.
[[nodiscard]] ServerLogs read_squid_logs(std::string_view text, const ReadMatching& included);
// text: of vsftpd.conf.
[[nodiscard]] ServerLogs read_vsftpd_logs(std::string_view text);

}  // namespace octroi::server_config
