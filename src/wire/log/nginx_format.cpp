// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/access_format.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

struct NginxVariable {
    std::string_view name;
    FieldKind kind;
};

// All others are texts that are not needed.
constexpr std::array nginx_variables{
    NginxVariable{"body_bytes_sent", FieldKind::out_body},
    NginxVariable{"bytes_received", FieldKind::in},
    NginxVariable{"bytes_sent", FieldKind::out},
    NginxVariable{"host", FieldKind::client_domain},
    NginxVariable{"http_host", FieldKind::client_domain},
    NginxVariable{"msec", FieldKind::epoch},
    NginxVariable{"remote_addr", FieldKind::client},
    NginxVariable{"remote_port", FieldKind::client_port},
    NginxVariable{"remote_user", FieldKind::user},
    NginxVariable{"request_length", FieldKind::in},
    NginxVariable{"request_time", FieldKind::duration_s},
    NginxVariable{"server_addr", FieldKind::server},
    NginxVariable{"server_name", FieldKind::domain},
    NginxVariable{"server_port", FieldKind::server_port},
    NginxVariable{"session_time", FieldKind::duration_s},
    NginxVariable{"ssl_preread_server_name", FieldKind::client_domain},
    NginxVariable{"ssl_server_name", FieldKind::client_domain},
    NginxVariable{"status", FieldKind::status},
    NginxVariable{"time_iso8601", FieldKind::iso_time},
    NginxVariable{"time_local", FieldKind::clf_time},
};
static_assert(std::ranges::is_sorted(nginx_variables, {}, &NginxVariable::name));

FieldKind nginx_field(std::string_view name) {
    const auto at = std::ranges::lower_bound(nginx_variables, name, {}, &NginxVariable::name);
    return at != nginx_variables.end() && at->name == name ? at->kind : FieldKind::skip;
}

constexpr bool is_name_octet(char c) {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Behind the '$': "name" or "{name}". Empty: no variable.
std::string_view read_variable(std::string_view& rest) {
    if (skip_text(rest, "{")) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) return {};
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        return name;
    }
    std::size_t size = 0;
    while (size < rest.size() && is_name_octet(rest[size])) ++size;
    const std::string_view name = rest.substr(0, size);
    rest.remove_prefix(size);
    return name;
}

// The directive of the configuration: log_format NAME [escape=…] 'part' 'part';
std::string unwrapped(std::string_view text) {
    std::string_view rest = text;
    skip_blanks(rest);
    if (!skip_text(rest, "log_format ")) return std::string(text);
    std::string joined;
    char quote = 0;
    for (std::size_t at = std::min(rest.find_first_of("'\""), rest.size()); at < rest.size();
         ++at) {
        const char c = rest[at];
        if (quote == 0) {
            if (c == ';') break;
            if (c == '\'' || c == '"') quote = c;
        } else if (c == quote) {
            quote = 0;
        } else if (c == '\\' && at + 1 < rest.size()) {
            joined += rest[++at];
        } else {
            joined += c;
        }
    }
    return joined;
}

}  // namespace

Result<AccessFormat> compile_nginx(std::string_view log_format) {
    const std::string text = unwrapped(log_format);
    AccessFormat format;
    std::string literal;
    std::string_view rest = text;
    while (!rest.empty()) {
        if (!skip_text(rest, "$")) {
            literal += rest.front();
            rest.remove_prefix(1);
            continue;
        }
        const std::string_view name = read_variable(rest);
        if (name.empty())
            return fail(ErrorCode::invalid,
                        fmt::format("log format: '$' without the name of a variable in '{}'; next: "
                                    "nginx has no '$' in log lines that is none",
                                    log_format));
        add_field(nginx_field(name), literal, format);
    }
    format.end = std::move(literal);
    TRY(check_access_format(format, log_format));
    return format;
}

}  // namespace octroi::logline
