// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Formats of access logs that a user describes: an Apache LogFormat, an nginx log_format, a Squid
// logformat, an HAProxy log-format. The description is compiled once to steps; a line is matched
// against them.
//
// A text field ends at the first place from which the rest of the line fits too. The last text
// within quotes ends at the first quote that is not escaped, and nowhere else, and texts before it
// ("%m %U %H") end before this quote, so that a client which puts the rest of a line into its
// request changes nothing. A host name with a path behind it ends where the path begins. A text
// that a client chooses and that is not in quotes can imitate the fields behind it: name such
// fields in quotes, as the formats of the servers do.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {

enum class FieldKind : std::uint8_t {
    skip,  // any text
    client,
    client_port,
    server,
    server_port,
    ident,
    user,
    domain,         // the configured name of the virtual host
    client_domain,  // a name that the client sent
    section,
    status,
    in,
    out,       // all octets to the client
    out_body,  // without headers: counts if there is no `out`
    both,
    duration_s,  // a decimal fraction of seconds
    duration_ms,
    duration_us,
    clf_time,  // "29/May/2017:19:02:48 +0000"
    iso_time,
    epoch,  // seconds since 1970, with or without a fraction
    epoch_ms,
    epoch_us,
    // Parts of a time stamp
    year,
    month,
    month_name,
    day,
    hour,
    minute,
    second,
    fraction_ms,  // three digits
    fraction_us,  // six digits
    zone,         // "+0100"
};

// The literal text before a field, and the field. The last step of a format is its end: only the
// literal counts.
struct AccessStep {
    std::string literal;
    FieldKind kind = FieldKind::skip;
    bool is_padded = false;  // blanks may stand before a number
};

struct AccessFormat {
    std::vector<AccessStep> steps;
    std::string end;                    // the literal behind the last field
    std::string_view service = "http";  // a constant
    bool time_is_begin = false;
    bool has_syslog_header = false;  // a line may have one
    // It is removed before the line is matched: the first field is a text, which would contain it.
    bool is_header_first = false;
};

inline constexpr std::size_t access_steps_max = 256;

// Errors: invalid (an unknown code, two texts with nothing between them, no volume, no time).
[[nodiscard]] Result<AccessFormat> compile_apache(std::string_view log_format);
[[nodiscard]] Result<AccessFormat> compile_nginx(std::string_view log_format);
[[nodiscard]] Result<AccessFormat> compile_squid(std::string_view log_format);
// HAProxy states octets so far where `option logasap` is set: lines with "+212" are bad.
[[nodiscard]] Result<AccessFormat> compile_haproxy(std::string_view log_format);

// Appends the parts of a time stamp in the way of strftime(3). Errors: invalid (a code that states
// no part of a time in UTC or a zone).
[[nodiscard]] Status add_strftime(std::string_view pattern, std::string& literal,
                                  AccessFormat& format);
// Appends a field behind the literal, which is then empty.
void add_field(FieldKind kind, std::string& literal, AccessFormat& format, bool is_padded = false);
// Checks that lines of the format can be divided and have a volume and a time. Errors: invalid.
[[nodiscard]] Status check_access_format(const AccessFormat& format, std::string_view pattern);

[[nodiscard]] std::unique_ptr<LineReader> open_access_log(AccessFormat format);

}  // namespace octroi::logline
