// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The beginning of a line of syslog, as files have it (RFC 3164, RFC 5424, rsyslog with
// high-precision time stamps) and as journalctl prints it (short, short-iso, short-precise,
// short-unix).

#include <string_view>

#include "wire/log/entry.hpp"

namespace octroi::logline {

struct SyslogHeader {
    LineTime time;
    std::string_view host;     // empty: not stated
    std::string_view program;  // "postfix/smtpd", "kernel"; empty: not stated
    std::string_view pid;      // the text in brackets behind the program; empty: not stated
    std::string_view message;
};

// False: the line has no time stamp of syslog.
[[nodiscard]] bool read_syslog_header(std::string_view line, SyslogHeader& header) noexcept;

}  // namespace octroi::logline
