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
};

struct W3cName {
    std::string_view name;
    W3cField field;
};
constexpr std::array w3c_names{
    W3cName{"c-ip", W3cField::client},
    W3cName{"c-port", W3cField::client_port},
    W3cName{"cs(Host)", W3cField::other},
    W3cName{"cs-bytes", W3cField::in},
    W3cName{"cs-host", W3cField::host},
    W3cName{"cs-username", W3cField::user},
    W3cName{"date", W3cField::date},
    W3cName{"s-ip", W3cField::server},
    W3cName{"s-port", W3cField::server_port},
    W3cName{"sc-bytes", W3cField::out},
    W3cName{"sc-status", W3cField::status},
    W3cName{"time", W3cField::time},
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
            std::string_view names = line;
            if (skip_text(names, "#Fields:")) set_fields(names);
            return LineResult::other();
        }
        if (fields_.empty()) return LineResult::bad(BadReason::unknown_fields);
        return read_values(line, entry);
    }

    [[nodiscard]] std::string save() const override {
        ByteWriter out;
        for (const W3cField field : fields_) out.u8(static_cast<std::uint8_t>(field));
        return out.drain();
    }
    [[nodiscard]] Status restore(std::string_view state) override {
        fields_.clear();
        const auto is_field = [](char c) {
            return static_cast<std::uint8_t>(c) <= static_cast<std::uint8_t>(W3cField::seconds);
        };
        if (state.size() > w3c_fields_max || !std::ranges::all_of(state, is_field))
            return fail(ErrorCode::corrupt, "saved fields of a W3C log are damaged");
        for (const char c : state) fields_.push_back(static_cast<W3cField>(c));
        return {};
    }

private:
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
            fields_.push_back(field);
            names.remove_prefix(end == std::string_view::npos ? names.size() : end);
        }
    }

    LineResult read_values(std::string_view rest, Entry& entry) {
        const char separator = rest.contains('\t') ? '\t' : ' ';
        std::string_view date;
        std::string_view time;
        BadReason reason = BadReason::none;
        for (const W3cField field : fields_) {
            if (rest.empty()) return LineResult::bad(BadReason::shape);
            const std::string_view value = next_field(rest, separator);
            if (field == W3cField::date) date = value;
            if (field == W3cField::time) time = value;
            const BadReason found = set_value(field, value, entry);
            if (found != BadReason::none) reason = found;
        }
        if (!rest.empty()) return LineResult::bad(BadReason::shape);
        if (reason != BadReason::none) return LineResult::bad(reason);
        return finish_w3c(date, time, entry);
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
                entry.domain = stated(without_port(value));
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
    LineResult finish_w3c(std::string_view date, std::string_view time, Entry& entry) {
        stamp_.assign(date).append(" ").append(time).append("Z");
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
    std::string stamp_;
};

}  // namespace

std::unique_ptr<LineReader> open_w3c() { return std::make_unique<W3cReader>(); }

}  // namespace octroi::logline
