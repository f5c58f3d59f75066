// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/access_format.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

struct HaproxyVariable {
    std::string_view name;
    FieldKind kind;
};

// "Custom log format" of HAProxy's configuration manual. Of names that begin alike the longest one
// applies. Texts that are not needed are `skip`. Times are treated apart: see haproxy_times.
constexpr std::array haproxy_variables{
    HaproxyVariable{"B", FieldKind::out},          HaproxyVariable{"CC", FieldKind::skip},
    HaproxyVariable{"CS", FieldKind::skip},        HaproxyVariable{"H", FieldKind::skip},
    HaproxyVariable{"HM", FieldKind::skip},        HaproxyVariable{"HP", FieldKind::skip},
    HaproxyVariable{"HPO", FieldKind::skip},       HaproxyVariable{"HQ", FieldKind::skip},
    HaproxyVariable{"HU", FieldKind::skip},        HaproxyVariable{"HV", FieldKind::skip},
    HaproxyVariable{"ID", FieldKind::skip},        HaproxyVariable{"ST", FieldKind::status},
    HaproxyVariable{"Ta", FieldKind::duration_ms}, HaproxyVariable{"Tc", FieldKind::skip},
    HaproxyVariable{"Td", FieldKind::skip},        HaproxyVariable{"Th", FieldKind::skip},
    HaproxyVariable{"Ti", FieldKind::skip},        HaproxyVariable{"Tq", FieldKind::skip},
    HaproxyVariable{"TR", FieldKind::skip},        HaproxyVariable{"Tr", FieldKind::skip},
    HaproxyVariable{"Ts", FieldKind::epoch},       HaproxyVariable{"Tt", FieldKind::duration_ms},
    HaproxyVariable{"Tu", FieldKind::skip},        HaproxyVariable{"Tw", FieldKind::skip},
    HaproxyVariable{"U", FieldKind::in},           HaproxyVariable{"ac", FieldKind::skip},
    HaproxyVariable{"b", FieldKind::skip},         HaproxyVariable{"bc", FieldKind::skip},
    HaproxyVariable{"bi", FieldKind::skip},        HaproxyVariable{"bp", FieldKind::skip},
    HaproxyVariable{"bq", FieldKind::skip},        HaproxyVariable{"ci", FieldKind::client},
    HaproxyVariable{"cp", FieldKind::client_port}, HaproxyVariable{"f", FieldKind::section},
    HaproxyVariable{"fc", FieldKind::skip},        HaproxyVariable{"fi", FieldKind::server},
    HaproxyVariable{"fp", FieldKind::server_port}, HaproxyVariable{"ft", FieldKind::section},
    HaproxyVariable{"hr", FieldKind::skip},        HaproxyVariable{"hrl", FieldKind::skip},
    HaproxyVariable{"hs", FieldKind::skip},        HaproxyVariable{"hsl", FieldKind::skip},
    HaproxyVariable{"lc", FieldKind::skip},        HaproxyVariable{"ms", FieldKind::fraction_ms},
    HaproxyVariable{"pid", FieldKind::skip},       HaproxyVariable{"r", FieldKind::skip},
    HaproxyVariable{"rc", FieldKind::skip},        HaproxyVariable{"rt", FieldKind::skip},
    HaproxyVariable{"s", FieldKind::skip},         HaproxyVariable{"sc", FieldKind::skip},
    HaproxyVariable{"si", FieldKind::skip},        HaproxyVariable{"sp", FieldKind::skip},
    HaproxyVariable{"sq", FieldKind::skip},        HaproxyVariable{"sslc", FieldKind::skip},
    HaproxyVariable{"sslv", FieldKind::skip},      HaproxyVariable{"ts", FieldKind::skip},
    HaproxyVariable{"tsc", FieldKind::skip},
};

struct HaproxyTime {
    std::string_view name;
    bool has_zone;
};
// With a zone "06/Feb/2009:12:14:14 +0000"; without one "06/Feb/2009:12:14:14.655" in that of the
// machine.
constexpr std::array haproxy_times{
    HaproxyTime{"trg", true}, HaproxyTime{"trl", true}, HaproxyTime{"tr", false},
    HaproxyTime{"Tl", true},  HaproxyTime{"T", true},   HaproxyTime{"t", false},
};

template <std::size_t size, typename Row>
const Row* longest_match(const std::array<Row, size>& rows, std::string_view text) {
    const Row* found = nullptr;
    for (const Row& row : rows)
        if (text.starts_with(row.name) &&
            (found == nullptr || row.name.size() > found->name.size()))
            found = &row;
    return found;
}

// Behind the '%': "{+Q}", "{-Q,+E}". True: the value is within quotes.
bool read_flags(std::string_view& rest) {
    if (!skip_text(rest, "{")) return false;
    return next_field(rest, '}').contains("+Q");
}

// A sample: "[req.hdr(host),lower]". The brackets of an argument are closed in it.
FieldKind read_sample(std::string_view& rest) {
    std::size_t depth = 1;
    std::size_t end = 0;
    while (end < rest.size() && depth > 0) {
        depth += rest[end] == '[' ? 1 : 0;
        depth -= rest[end] == ']' ? 1 : 0;
        ++end;
    }
    const std::string_view sample = rest.substr(0, depth == 0 ? end - 1 : end);
    rest.remove_prefix(end);
    if (sample.starts_with("req.hdr(host)") || sample.starts_with("req.hdr(Host)") ||
        sample.starts_with("hdr(host)") || sample.starts_with("ssl_fc_sni"))
        return FieldKind::client_domain;
    return FieldKind::skip;
}

// One compilation.
class HaproxyCompiler {
public:
    Result<AccessFormat> compile(std::string_view text) {
        std::string_view rest = text;
        while (!rest.empty()) {
            if (skip_text(rest, "%%")) {
                literal_ += '%';
            } else if (skip_text(rest, "%")) {
                TRY(add_variable(rest));
            } else {
                // In the configuration of HAProxy blanks and quotes may have a backslash.
                if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
                literal_ += rest.front();
                rest.remove_prefix(1);
            }
        }
        format_.end = std::move(literal_);
        format_.time_is_begin = true;
        format_.has_syslog_header = true;
        format_.is_header_first = true;
        format_.service = has_status_ ? "http" : "tcp";
        TRY(check_access_format(format_, text));
        return std::move(format_);
    }

private:
    Status add_variable(std::string_view& rest) {
        const std::string_view at = rest;
        const bool is_quoted = read_flags(rest);
        if (is_quoted) literal_ += '"';
        if (skip_text(rest, "[")) {
            add_field(read_sample(rest), literal_, format_);
        } else if (rest.starts_with('o')) {
            return fail(ErrorCode::invalid,
                        "log format: %o sets flags for all fields behind it, which is not "
                        "supported; next: state the flags at each field, %{+Q}r");
        } else {
            TRY(add_named(rest, at));
        }
        if (is_quoted) literal_ += '"';
        return {};
    }

    Status add_named(std::string_view& rest, std::string_view at) {
        const HaproxyVariable* variable = longest_match(haproxy_variables, rest);
        const HaproxyTime* time = longest_match(haproxy_times, rest);
        const std::size_t variable_size = variable == nullptr ? 0 : variable->name.size();
        if (time != nullptr && time->name.size() > variable_size) {
            rest.remove_prefix(time->name.size());
            return add_time(*time);
        }
        if (variable == nullptr)
            return fail(ErrorCode::invalid,
                        fmt::format("log format: '%{}' is no variable of HAProxy; next: see "
                                    "\"Custom log format\" in its manual",
                                    at.substr(0, at.find(' '))));
        rest.remove_prefix(variable_size);
        has_status_ = has_status_ || variable->kind == FieldKind::status;
        add_field(variable->kind, literal_, format_);
        return {};
    }

    Status add_time(const HaproxyTime& time) {
        if (time.has_zone) {
            add_field(FieldKind::clf_time, literal_, format_);
            return {};
        }
        TRY(add_strftime("%d/%b/%Y:%H:%M:%S", literal_, format_));
        literal_ += '.';
        add_field(FieldKind::fraction_ms, literal_, format_);
        return {};
    }

    AccessFormat format_;
    std::string literal_;
    bool has_status_ = false;
};

}  // namespace

Result<AccessFormat> compile_haproxy(std::string_view log_format) {
    return HaproxyCompiler().compile(log_format);
}

}  // namespace octroi::logline
