// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/access_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::logline {
namespace {

constexpr bool is_text_field(FieldKind kind) {
    switch (kind) {
        case FieldKind::skip:
        case FieldKind::client:
        case FieldKind::server:
        case FieldKind::ident:
        case FieldKind::user:
        case FieldKind::domain:
        case FieldKind::client_domain:
        case FieldKind::section:
            return true;
        default:
            return false;
    }
}

constexpr bool is_volume(FieldKind kind) {
    return kind == FieldKind::in || kind == FieldKind::out || kind == FieldKind::out_body ||
           kind == FieldKind::both;
}

constexpr bool is_time(FieldKind kind) {
    return kind == FieldKind::clf_time || kind == FieldKind::iso_time || kind == FieldKind::epoch ||
           kind == FieldKind::epoch_ms || kind == FieldKind::epoch_us || kind == FieldKind::second;
}

// A name of a host ends where a path begins: "$host$request_uri".
constexpr bool is_host_before_path(FieldKind first, FieldKind second) {
    return (first == FieldKind::domain || first == FieldKind::client_domain) &&
           second == FieldKind::skip;
}

bool has_field(const AccessFormat& format, bool (*is_wanted)(FieldKind)) {
    return std::ranges::any_of(format.steps,
                               [&](const AccessStep& step) { return is_wanted(step.kind); });
}

Status add_time_code(char code, std::string& literal, AccessFormat& format) {
    const auto add = [&](FieldKind kind, bool is_padded = false) {
        add_field(kind, literal, format, is_padded);
    };
    switch (code) {
        case 'Y':
            add(FieldKind::year);
            return {};
        case 'm':
            add(FieldKind::month);
            return {};
        case 'b':
        case 'h':
            add(FieldKind::month_name);
            return {};
        case 'd':
            add(FieldKind::day);
            return {};
        case 'e':
            add(FieldKind::day, true);
            return {};
        case 'H':
            add(FieldKind::hour);
            return {};
        case 'M':
            add(FieldKind::minute);
            return {};
        case 'S':
            add(FieldKind::second);
            return {};
        case 'z':
            add(FieldKind::zone);
            return {};
        case 's':
            add(FieldKind::epoch);
            return {};
        case 'a':
        case 'Z':
            add(FieldKind::skip);
            return {};
        case 'F':
            return add_strftime("%Y-%m-%d", literal, format);
        case 'T':
            return add_strftime("%H:%M:%S", literal, format);
        case 'R':
            return add_strftime("%H:%M", literal, format);
        case '%':
            literal += '%';
            return {};
        case 't':
            literal += '\t';
            return {};
        default:
            return fail(ErrorCode::invalid,
                        fmt::format("log format: time code '%{}' is not supported; next: use %Y %m "
                                    "%b %d %e %H %M %S %z %s %F %T",
                                    code));
    }
}

}  // namespace

void add_field(FieldKind kind, std::string& literal, AccessFormat& format, bool is_padded) {
    // Two texts that nobody needs, with nothing between them, are one: "%U%q".
    if (kind == FieldKind::skip && literal.empty() && !format.steps.empty() &&
        format.steps.back().kind == FieldKind::skip)
        return;
    format.steps.push_back({std::move(literal), kind, is_padded});
    literal.clear();
}

Status add_strftime(std::string_view pattern, std::string& literal, AccessFormat& format) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] != '%' || at + 1 == pattern.size()) {
            literal += pattern[at];
            continue;
        }
        TRY(add_time_code(pattern[++at], literal, format));
    }
    return {};
}

Status check_access_format(const AccessFormat& format, std::string_view pattern) {
    if (!has_field(format, is_volume))
        return fail(ErrorCode::invalid,
                    fmt::format("log format: no field states octets in '{}'; next: add %O or %b "
                                "(Apache), $bytes_sent (nginx), %<st (Squid), %B (HAProxy)",
                                pattern));
    if (!has_field(format, is_time))
        return fail(ErrorCode::invalid,
                    fmt::format("log format: no field states the time in '{}'; next: add %t "
                                "(Apache), $time_local (nginx), %ts (Squid), %t (HAProxy)",
                                pattern));
    if (format.steps.size() > access_steps_max)
        return fail(ErrorCode::invalid, fmt::format("log format: more than {} fields; next: "
                                                    "leave out those that no one needs",
                                                    access_steps_max));
    for (std::size_t i = 1; i < format.steps.size(); ++i)
        if (format.steps[i].literal.empty() && is_text_field(format.steps[i - 1].kind) &&
            !is_host_before_path(format.steps[i - 1].kind, format.steps[i].kind))
            return fail(ErrorCode::invalid,
                        fmt::format("log format: two fields have nothing between them in '{}'; "
                                    "next: put a blank between them",
                                    pattern));
    return {};
}

}  // namespace octroi::logline
