// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The beginning of a line of syslog, as files have it (RFC 3164, RFC 5424, rsyslog with
// high-precision time stamps; FreeBSD with facility and level; Solaris with message ids; multilog
// with TAI64N) and as journalctl prints it (short, short-iso, short-precise, short-unix).

#include <cstdint>
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

// rsyslog writes equal lines behind one as "message repeated 3 times: [ text]"
// ($RepeatedMsgReduction). Replaces such a message by the text, and returns the number; 1 for all
// other messages. The number may be above repeats_max of fields.hpp.
[[nodiscard]] std::uint64_t unfold_message(SyslogHeader& header) noexcept;

}  // namespace octroi::logline
