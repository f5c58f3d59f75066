// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"
#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/proxy_logs.hpp"

namespace octroi::logline {
namespace {

enum class W3cField : std::uint8_t {
    other,
    date,
    time,
    client,
    client_port,
    server,
    server_port,
    user,
    host,  // the name that the client sent
    status,
    in,
    out,
    milliseconds,  // IIS
    seconds,       // CloudFront
    local_date,    // in the zone of the server: Advanced Logging of IIS
    local_time,
};

struct W3cName {
    std::string_view name;
    W3cField field;
};
constexpr std::array w3c_names{
    W3cName{"TimeTakenMS", W3cField::milliseconds},
    W3cName{"c-ip", W3cField::client},
    W3cName{"c-port", W3cField::client_port},
    W3cName{"cs(Host)", W3cField::other},
    W3cName{"cs-bytes", W3cField::in},
    W3cName{"cs-host", W3cField::host},
    W3cName{"cs-username", W3cField::user},
    W3cName{"date", W3cField::date},
    W3cName{"date-local", W3cField::local_date},
    W3cName{"s-ip", W3cField::server},
    W3cName{"s-port", W3cField::server_port},
    W3cName{"sc-bytes", W3cField::out},
    W3cName{"sc-status", W3cField::status},
    W3cName{"time", W3cField::time},
    W3cName{"time-local", W3cField::local_time},
    W3cName{"time-taken", W3cField::milliseconds},
    W3cName{"x-host-header", W3cField::host},
};
static_assert(std::ranges::is_sorted(w3c_names, {}, &W3cName::name));

constexpr std::size_t w3c_fields_max = 128;

W3cField w3c_field(std::string_view name) {
    const auto at = std::ranges::lower_bound(w3c_names, name, {}, &W3cName::name);
    return at != w3c_names.end() && at->name == name ? at->field : W3cField::other;
}

class W3cReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        line = without_end(line);
        if (line.empty()) return LineResult::other();
        if (line.front() == '#') {
            read_directive(line);
            return LineResult::other();
        }
        if (fields_.empty()) return LineResult::bad(BadReason::unknown_fields);
        return read_values(line, entry);
    }

    [[nodiscard]] std::string save() const override {
        ByteWriter out;
        for (const W3cField field : fields_) out.u8(static_cast<std::uint8_t>(field));
        return date_.empty() ? out.drain() : out.drain() + date_mark + date_;
    }
    [[nodiscard]] Status restore(std::string_view state) override {
        fields_.clear();
        date_.clear();
        const auto is_field = [](char c) {
            return static_cast<std::uint8_t>(c) <= static_cast<std::uint8_t>(W3cField::local_time);
        };
        const std::size_t mark = state.find(date_mark);
        if (mark != std::string_view::npos) {
            date_ = state.substr(mark + 1, date_size);
            state = state.substr(0, mark);
        }
        if (state.size() > w3c_fields_max || !std::ranges::all_of(state, is_field))
            return fail(ErrorCode::corrupt, "saved fields of a W3C log are damaged");
        for (const char c : state) fields_.push_back(static_cast<W3cField>(c));
        return {};
    }

private:
    static constexpr char date_mark = '#';  // no field has this number
    static constexpr std::size_t date_size = std::string_view("2024-05-01").size();
    static_assert(static_cast<std::uint8_t>(date_mark) >
                  static_cast<std::uint8_t>(W3cField::local_time));

    // "#Fields: date time c-ip", "#Date: 2024-05-01 12:00:00": the date of lines without one.
    void read_directive(std::string_view line) {
        if (skip_text(line, "#Fields:")) {
            set_fields(line);
        } else if (skip_text(line, "#Date:") || skip_text(line, "#Start-Date:")) {
            skip_blanks(line);
            date_ = line.substr(0, date_size);
        }
    }

    void set_fields(std::string_view names) {
        fields_.clear();
        // CloudFront names fields as in "x-edge-location", and counts seconds.
        const bool is_cloudfront = names.contains(" x-edge-");
        while (fields_.size() < w3c_fields_max) {
            skip_blanks(names);
            if (names.empty()) break;
            const std::size_t end = names.find_first_of(" \t");
            W3cField field = w3c_field(names.substr(0, end));
            if (is_cloudfront && field == W3cField::milliseconds) field = W3cField::seconds;
            // CloudFront has its own name there, and that of the site in another field.
            if (!is_cloudfront && names.substr(0, end) == "cs(Host)") field = W3cField::host;
            fields_.push_back(field);
            names.remove_prefix(end == std::string_view::npos ? names.size() : end);
        }
    }

    LineResult read_values(std::string_view line, Entry& entry) {
        // IIS writes a quote in a text as it is, and a blank as '+'. Advanced Logging puts texts in
        // quotes: only a line that cannot be divided at the blanks is divided so.
        if (!split(line, false) && !split(line, true)) return LineResult::bad(BadReason::shape);
        Stamp stamp;
        BadReason reason = BadReason::none;
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            set_stamp(fields_[i], values_[i], stamp);
            const BadReason found = set_value(fields_[i], values_[i], entry);
            if (found != BadReason::none) reason = found;
        }
        if (reason != BadReason::none) return LineResult::bad(reason);
        return finish_w3c(stamp, entry);
    }

    // Sets values_: words with one or more blanks between them, or texts with a tab between them;
    // without the quotes around them. False: there are not as many as fields.
    bool split(std::string_view rest, bool is_quoted) {
        const char separator = rest.contains('\t') ? '\t' : ' ';
        values_.clear();
        while (!rest.empty() && values_.size() < fields_.size()) {
            std::string_view value = rest;
            if (is_quoted && rest.front() == '"') {
                value = next_quoted(rest, separator);
            } else {
                value = next_field(rest, separator);
                if (value.size() > 1 && value.starts_with('"') && value.ends_with('"'))
                    value = value.substr(1, value.size() - 2);
            }
            values_.push_back(value);
            if (separator == ' ') skip_blanks(rest);
        }
        return rest.empty() && values_.size() == fields_.size();
    }

    // The text within quotes, up to the first quote with a separator behind it. `""` is a quote
    // in the text, and stays as it is.
    static std::string_view next_quoted(std::string_view& rest, char separator) {
        std::size_t at = 1;
        while (at < rest.size()) {
            if (rest[at] == '"') {
                const bool is_doubled = at + 1 < rest.size() && rest[at + 1] == '"';
                if (!is_doubled && (at + 1 == rest.size() || rest[at + 1] == separator)) break;
                at += is_doubled ? 1 : 0;
            }
            ++at;
        }
        const std::string_view text = rest.substr(1, std::min(at, rest.size()) - 1);
        rest.remove_prefix(std::min(at + 2, rest.size()));
        return text;
    }

    // Date and time of a line.
    struct Stamp {
        std::string_view date;
        std::string_view time;
        bool is_local = false;
    };

    static void set_stamp(W3cField field, std::string_view value, Stamp& stamp) {
        switch (field) {
            case W3cField::local_date:
                stamp.is_local = true;
                [[fallthrough]];
            case W3cField::date:
                stamp.date = value;
                break;
            case W3cField::local_time:
                stamp.is_local = true;
                [[fallthrough]];
            case W3cField::time:
                stamp.time = value;
                break;
            default:
                break;
        }
    }

    static BadReason set_value(W3cField field, std::string_view value, Entry& entry) {
        switch (field) {
            case W3cField::client: {
                const auto port = entry.client.port;
                entry.client = make_end(value);
                entry.client.port = port;
                return BadReason::none;
            }
            case W3cField::client_port:
                entry.client.port = parse_port(value);
                break;
            case W3cField::server: {
                const auto port = entry.server.port;
                entry.server = make_end(value);
                entry.server.port = port;
                return BadReason::none;
            }
            case W3cField::server_port:
                entry.server.port = parse_port(value);
                break;
            case W3cField::user:
                entry.user = stated(value);
                break;
            case W3cField::host:
                if (stated(value).empty()) break;
                entry.domain = without_port(value);
                entry.domain_unverified = !entry.domain.empty();
                break;
            case W3cField::status:
                entry.status = stated(value);
                break;
            case W3cField::in:
                return parse_count_or_dash(value, entry.in);
            case W3cField::out:
                return parse_count_or_dash(value, entry.out);
            case W3cField::milliseconds:
            case W3cField::seconds:
                return set_taken(field, value, entry);
            default:
                break;
        }
        return BadReason::none;
    }

    static BadReason set_taken(W3cField field, std::string_view value, Entry& entry) {
        if (value == "-") return BadReason::none;
        if (!parse_seconds(value, entry.duration_ns)) return BadReason::number;
        constexpr std::int64_t per_second = 1000;
        if (field == W3cField::milliseconds) entry.duration_ns /= per_second;
        entry.has_duration = true;
        return BadReason::none;
    }

    // The standard says UTC: "2024-05-01" and "12:00:00".
    LineResult finish_w3c(const Stamp& stamp, Entry& entry) {
        stamp_.assign(stamp.date.empty() ? std::string_view(date_) : stamp.date);
        stamp_.append(" ").append(stamp.time).append(stamp.is_local ? "" : "Z");
        std::string_view rest = stamp_;
        if (!read_iso_time(rest, entry.time) || !rest.empty())
            return LineResult::bad(BadReason::time);
        if (!entry.in.stated && !entry.out.stated)
            return LineResult::bad(BadReason::unknown_fields);
        entry.user_unverified = entry.status == "401" || entry.status == "407";
        entry.service = "http";
        return LineResult::traffic();
    }

    std::vector<W3cField> fields_;
    std::string date_;                      // of the last "#Date:"; empty: there was none
    std::vector<std::string_view> values_;  // of the present line
    std::string stamp_;
};

}  // namespace

std::unique_ptr<LineReader> open_w3c() { return std::make_unique<W3cReader>(); }

}  // namespace octroi::logline
