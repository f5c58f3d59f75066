// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/access_format.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

struct SquidCode {
    std::string_view name;
    FieldKind kind;
};

// The codes of logformat in squid.conf. Of codes that begin alike the longest one applies. Texts
// that are not needed are `skip`.
constexpr std::array squid_codes{
    SquidCode{"<A", FieldKind::skip},         SquidCode{"<Hs", FieldKind::skip},
    SquidCode{"<a", FieldKind::skip},         SquidCode{"<bs", FieldKind::skip},
    SquidCode{"<h", FieldKind::skip},         SquidCode{"<la", FieldKind::skip},
    SquidCode{"<lp", FieldKind::skip},        SquidCode{"<p", FieldKind::skip},
    SquidCode{"<pt", FieldKind::skip},        SquidCode{"<qos", FieldKind::skip},
    SquidCode{"<rs", FieldKind::skip},        SquidCode{"<sh", FieldKind::skip},
    SquidCode{"<ss", FieldKind::skip},        SquidCode{"<st", FieldKind::out},
    SquidCode{"<tt", FieldKind::skip},        SquidCode{">A", FieldKind::client},
    SquidCode{">Hs", FieldKind::status},      SquidCode{">a", FieldKind::client},
    SquidCode{">eui", FieldKind::skip},       SquidCode{">h", FieldKind::skip},
    SquidCode{">ha", FieldKind::skip},        SquidCode{">la", FieldKind::server},
    SquidCode{">lp", FieldKind::server_port}, SquidCode{">p", FieldKind::client_port},
    SquidCode{">qos", FieldKind::skip},       SquidCode{">rP", FieldKind::skip},
    SquidCode{">rd", FieldKind::skip},        SquidCode{">rm", FieldKind::skip},
    SquidCode{">rp", FieldKind::skip},        SquidCode{">rs", FieldKind::skip},
    SquidCode{">ru", FieldKind::skip},        SquidCode{">rv", FieldKind::skip},
    SquidCode{">sh", FieldKind::skip},        SquidCode{">st", FieldKind::in},
    SquidCode{"Hs", FieldKind::status},       SquidCode{"Sh", FieldKind::skip},
    SquidCode{"Ss", FieldKind::skip},         SquidCode{"al", FieldKind::skip},
    SquidCode{"byte", FieldKind::skip},       SquidCode{"credentials", FieldKind::skip},
    SquidCode{"dt", FieldKind::skip},         SquidCode{"ea", FieldKind::skip},
    SquidCode{"err_code", FieldKind::skip},   SquidCode{"err_detail", FieldKind::skip},
    SquidCode{"et", FieldKind::skip},         SquidCode{"la", FieldKind::server},
    SquidCode{"lp", FieldKind::server_port},  SquidCode{"master_xaction", FieldKind::skip},
    SquidCode{"mt", FieldKind::skip},         SquidCode{"note", FieldKind::skip},
    SquidCode{"rG", FieldKind::skip},         SquidCode{"request_attempts", FieldKind::skip},
    SquidCode{"rm", FieldKind::skip},         SquidCode{"rp", FieldKind::skip},
    SquidCode{"ru", FieldKind::skip},         SquidCode{"rv", FieldKind::skip},
    SquidCode{"sn", FieldKind::skip},         SquidCode{"st", FieldKind::both},
    SquidCode{"tS", FieldKind::epoch},        SquidCode{"tr", FieldKind::duration_ms},
    SquidCode{"ts", FieldKind::epoch},        SquidCode{"tu", FieldKind::fraction_ms},
    SquidCode{"ue", FieldKind::skip},         SquidCode{"ui", FieldKind::ident},
    SquidCode{"ul", FieldKind::user},         SquidCode{"un", FieldKind::user},
    SquidCode{"us", FieldKind::skip},
};
static_assert(std::ranges::is_sorted(squid_codes, {}, &SquidCode::name));

// The longest code at the beginning, which is removed. Null: there is none.
const SquidCode* read_squid_code(std::string_view& rest) {
    const SquidCode* found = nullptr;
    for (const SquidCode& code : squid_codes)
        if (rest.starts_with(code.name) &&
            (found == nullptr || code.name.size() > found->name.size()))
            found = &code;
    if (found != nullptr) rest.remove_prefix(found->name.size());
    return found;
}

// Behind the '%': quoting, '-', width and precision: %"un, %-10un, %03tu. Returns whether a
// number is padded with blanks.
bool skip_squid_modifiers(std::string_view& rest) {
    if (!rest.empty() && std::string_view("\"'[#/\\").contains(rest.front())) rest.remove_prefix(1);
    (void)skip_text(rest, "-");
    const bool is_padded = !rest.empty() && rest.front() >= '1' && rest.front() <= '9';
    while (!rest.empty() && (is_digit(rest.front()) || rest.front() == '.')) rest.remove_prefix(1);
    return is_padded;
}

// Status codes and headers of Squid's native format have their argument before or behind the code.
std::string_view read_squid_argument(std::string_view& rest) {
    if (!skip_text(rest, "{")) return {};
    return next_field(rest, '}');
}

// "ssl::>sni": a code of a group. Those of HTTP are the same with and without the group. Those of
// other groups state no octets between client and proxy: true, and the code is removed.
bool skip_squid_group(std::string_view& rest) {
    if (skip_text(rest, "http::")) return false;
    constexpr std::array<std::string_view, 6> groups{
        "adapt::", "icap::", "ssl::", "tls::", "proxy_protocol::", "transport::"};
    for (const std::string_view group : groups) {
        if (!skip_text(rest, group)) continue;
        const auto is_code = [](char c) {
            return c == '<' || c == '>' || c == '_' || (c >= 'a' && c <= 'z') ||
                   (c >= 'A' && c <= 'Z');
        };
        while (!rest.empty() && is_code(rest.front())) rest.remove_prefix(1);
        (void)read_squid_argument(rest);
        return true;
    }
    return false;
}

}  // namespace

Result<AccessFormat> compile_squid(std::string_view log_format) {
    AccessFormat format;
    format.service = "proxy";
    format.has_syslog_header = true;
    std::string literal;
    std::string_view rest = log_format;
    while (!rest.empty()) {
        if (skip_text(rest, "%%")) {
            literal += '%';
            continue;
        }
        if (!skip_text(rest, "%")) {
            literal += rest.front();
            rest.remove_prefix(1);
            continue;
        }
        const std::string_view at = rest;
        const bool is_padded = skip_squid_modifiers(rest);
        std::string_view argument = read_squid_argument(rest);
        if (skip_squid_group(rest)) {
            add_field(FieldKind::skip, literal, format);
            continue;
        }
        if (rest.starts_with("tl") || rest.starts_with("tg")) {
            // %tg is in UTC, and its pattern needs no zone.
            const bool is_utc = rest.starts_with("tg");
            rest.remove_prefix(2);
            if (argument.empty()) argument = read_squid_argument(rest);
            if (is_utc && !argument.empty() && !argument.contains("%z"))
                return fail(ErrorCode::invalid,
                            "log format: the pattern of %tg states no zone; next: add %z to it");
            if (argument.empty()) {
                add_field(FieldKind::clf_time, literal, format);
            } else {
                TRY(add_strftime(argument, literal, format));
            }
            continue;
        }
        const SquidCode* const code = read_squid_code(rest);
        if (code == nullptr)
            return fail(ErrorCode::invalid,
                        fmt::format("log format: '%{}' is no code of Squid; next: see logformat in "
                                    "squid.conf",
                                    at.substr(0, at.find(' '))));
        if (argument.empty()) (void)read_squid_argument(rest);
        add_field(code->kind, literal, format, is_padded);
    }
    format.end = std::move(literal);
    TRY(check_access_format(format, log_format));
    return format;
}

}  // namespace octroi::logline
