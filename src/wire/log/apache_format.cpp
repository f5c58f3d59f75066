// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "wire/log/access_format.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

// A code of mod_log_config: "%!200,304>{Referer}i" has the argument "Referer" and the letter 'i'.
struct ApacheCode {
    char letter = 0;
    std::string_view argument;
};

// Behind the '%'. False: the code has no letter.
bool read_apache_code(std::string_view& rest, ApacheCode& code) {
    code = {};
    // Conditions ("!200,304") and modifiers ("<", ">") do not change the form of the field.
    while (!rest.empty() && (is_digit(rest.front()) || rest.front() == ',' || rest.front() == '!' ||
                             rest.front() == '<' || rest.front() == '>'))
        rest.remove_prefix(1);
    if (skip_text(rest, "{")) {
        if (rest.find('}') == std::string_view::npos) return false;
        code.argument = next_field(rest, '}');
    }
    // "%{name}^ti", "%{name}^to": trailers; "%^FB": the time to the first octet of the answer.
    constexpr std::size_t long_code = 3;
    if (rest.starts_with('^') && rest.size() >= long_code) {
        code.letter = '^';
        rest.remove_prefix(long_code);
        return true;
    }
    if (rest.empty()) return false;
    code.letter = rest.front();
    rest.remove_prefix(1);
    return true;
}

// "%t" is "[29/May/2017:19:02:48 +0000]"; its argument has the form of strftime, or is a unit.
Status add_apache_time(std::string_view argument, std::string& literal, AccessFormat& format) {
    if (skip_text(argument, "end:")) format.time_is_begin = false;
    (void)skip_text(argument, "begin:");
    if (argument.empty()) {
        literal += '[';
        add_field(FieldKind::clf_time, literal, format);
        literal += ']';
        return {};
    }
    const auto add = [&](FieldKind kind) { add_field(kind, literal, format); };
    if (argument == "sec") {
        add(FieldKind::epoch);
    } else if (argument == "msec") {
        add(FieldKind::epoch_ms);
    } else if (argument == "usec") {
        add(FieldKind::epoch_us);
    } else if (argument == "msec_frac") {
        add(FieldKind::fraction_ms);
    } else if (argument == "usec_frac") {
        add(FieldKind::fraction_us);
    } else {
        return add_strftime(argument, literal, format);
    }
    return {};
}

FieldKind apache_port(std::string_view argument) {
    if (argument == "remote") return FieldKind::client_port;
    return FieldKind::server_port;
}

FieldKind apache_duration(std::string_view argument) {
    if (argument == "ms") return FieldKind::duration_ms;
    if (argument == "us") return FieldKind::duration_us;
    return FieldKind::duration_s;
}

bool is_host_header(std::string_view name) {
    constexpr std::string_view host = "host";
    return std::ranges::equal(name, host, {}, [](char c) { return static_cast<char>(c | 0x20); });
}

FieldKind apache_field(const ApacheCode& code) {
    switch (code.letter) {
        case 'a':
        case 'h':
            return code.argument == "c" ? FieldKind::skip : FieldKind::client;
        case 'A':
            return FieldKind::server;
        case 'b':
        case 'B':
            return FieldKind::out_body;
        case 'I':
            return FieldKind::in;
        case 'O':
            return FieldKind::out;
        case 'S':
            return FieldKind::both;
        case 'D':
            return FieldKind::duration_us;
        case 'T':
            return apache_duration(code.argument);
        case 'l':
            return FieldKind::ident;
        case 'u':
            return FieldKind::user;
        case 'v':
            return FieldKind::domain;
        case 'V':
            return FieldKind::client_domain;
        case 'p':
            return apache_port(code.argument);
        case 's':
            return FieldKind::status;
        case 'i':
            return is_host_header(code.argument) ? FieldKind::client_domain : FieldKind::skip;
        default:
            return FieldKind::skip;
    }
}

// "%{c}a" is the peer of the connection, which mod_remoteip replaces by the client in "%a". It is
// the client if the format has no other one.
void choose_client(std::size_t peer_step, AccessFormat& format) {
    const bool has_client = std::ranges::any_of(
        format.steps, [](const AccessStep& step) { return step.kind == FieldKind::client; });
    if (!has_client && peer_step < format.steps.size())
        format.steps[peer_step].kind = FieldKind::client;
}

// The text of a directive or of a shell has `\"`, `\\`, `\t` and `\n`.
char unescaped(std::string_view text, std::size_t& at) {
    if (text[at] != '\\' || at + 1 == text.size()) return text[at];
    const char next = text[at + 1];
    if (next == '"' || next == '\\' || next == '\'') return text[++at];
    if (next == 't') {
        ++at;
        return '\t';
    }
    return text[at];
}

}  // namespace

Result<AccessFormat> compile_apache(std::string_view log_format) {
    AccessFormat format;
    format.time_is_begin = true;
    std::string literal;
    std::size_t peer_step = std::string_view::npos;
    for (std::size_t at = 0; at < log_format.size(); ++at) {
        if (log_format[at] != '%') {
            literal += unescaped(log_format, at);
            continue;
        }
        std::string_view rest = log_format.substr(at + 1);
        if (skip_text(rest, "%")) {
            literal += '%';
            ++at;
            continue;
        }
        ApacheCode code;
        if (!read_apache_code(rest, code))
            return fail(ErrorCode::invalid,
                        fmt::format("log format: the code at octet {} of '{}' is incomplete; "
                                    "next: %% for a percent sign",
                                    at + 1, log_format));
        if (code.letter == 't') {
            TRY(add_apache_time(code.argument, literal, format));
        } else {
            const bool is_peer = code.argument == "c" && (code.letter == 'a' || code.letter == 'h');
            add_field(apache_field(code), literal, format);
            if (is_peer) peer_step = format.steps.size() - 1;
        }
        at = log_format.size() - rest.size() - 1;
    }
    format.end = std::move(literal);
    choose_client(peer_step, format);
    TRY(check_access_format(format, log_format));
    return format;
}

}  // namespace octroi::logline
