// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "wire/log/access_format.hpp"
#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

constexpr std::int64_t ns_per_us = 1000;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_s = 1'000'000'000;

// What the fields of a line state before they are put together.
struct AccessValues {
    CalendarTime calendar;
    bool has_calendar = false;
    LineTime zone;  // only the zone
    std::uint32_t fraction_ns = 0;
    std::uint8_t fraction_digits = 0;
    Count out_body;
    std::string_view client_domain;
};

// A text field that could end later: where the match goes on if the rest of the line does not fit.
struct Choice {
    std::size_t step;
    std::size_t begin;  // of the field
    std::size_t end;    // where it ended before
};

// The characters of numbers, times and zones: "200", "-", "0.123", "+0100".
std::string_view number_at(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() &&
           (is_digit(text[size]) || text[size] == '.' || text[size] == '-' || text[size] == '+'))
        ++size;
    return text.substr(0, size);
}

// `count` digits, or fewer but one; the number and how many were there.
bool digits_at(std::string_view text, std::size_t least, std::size_t most, unsigned& value,
               std::size_t& size) {
    size = 0;
    value = 0;
    while (size < most && size < text.size() && is_digit(text[size]))
        value = value * 10 + static_cast<unsigned>(text[size++] - '0');
    return size >= least;
}

class AccessLogReader final : public LineReader {
public:
    explicit AccessLogReader(AccessFormat format) : format_(std::move(format)) {
        std::ptrdiff_t quotes = 0;
        for (const AccessStep& step : format_.steps) {
            quotes += std::ranges::count(step.literal, '"');
            is_quoted_.push_back(quotes % 2 != 0);
        }
    }

    LineResult read(std::string_view line, Entry& entry) override {
        if (line.size() > line_octets_max) {
            entry = {};
            return LineResult::bad(BadReason::too_long);
        }
        line = without_end(line);
        entry = {};
        if (line.empty()) return LineResult::other();
        SyslogHeader header;
        if (format_.is_header_first && read_syslog_header(line, header) && !header.program.empty())
            return match(header.message, entry);
        LineResult result = match(line, entry);
        if (result.kind == LineKind::traffic || !format_.has_syslog_header) return result;
        if (!read_syslog_header(line, header) || header.program.empty()) return result;
        return match(header.message, entry);
    }

private:
    // How often a text field of one line may end later. Formats of servers need one for each
    // field. Each try can search the whole line, so that long lines have fewer.
    static std::size_t choices_max(std::string_view line) {
        constexpr std::size_t searched_octets = std::size_t{4} << 20U;
        constexpr std::size_t least = 16;
        constexpr std::size_t most = 1024;
        return std::clamp(searched_octets / (line.size() + 1), least, most);
    }

    LineResult match(std::string_view line, Entry& entry) {
        entry = {};
        values_ = {};
        reason_ = BadReason::shape;
        choices_.clear();
        std::size_t tries = 0;
        std::size_t step = 0;
        std::size_t at = 0;
        while (step < format_.steps.size() || !is_end(line, at)) {
            if (step < format_.steps.size() && match_step(line, step, at, entry)) {
                ++step;
                continue;
            }
            if (!next_choice(line, step, at, entry) || ++tries > choices_max(line))
                return LineResult::bad(reason_);
        }
        return finish_entry(entry);
    }

    [[nodiscard]] bool is_end(std::string_view line, std::size_t at) const {
        return line.substr(at) == without_end(format_.end);
    }

    [[nodiscard]] std::string_view literal_behind(std::size_t step) const {
        return step + 1 < format_.steps.size() ? std::string_view(format_.steps[step + 1].literal)
                                               : std::string_view(format_.end);
    }

    bool match_step(std::string_view line, std::size_t step, std::size_t& at, Entry& entry) {
        const AccessStep& wanted = format_.steps[step];
        if (!line.substr(at).starts_with(wanted.literal)) return false;
        std::size_t begin = at + wanted.literal.size();
        if (wanted.is_padded)
            while (begin < line.size() && line[begin] == ' ') ++begin;
        const std::string_view rest = line.substr(begin);
        switch (wanted.kind) {
            case FieldKind::skip:
            case FieldKind::client:
            case FieldKind::server:
            case FieldKind::ident:
            case FieldKind::user:
            case FieldKind::domain:
            case FieldKind::client_domain:
            case FieldKind::section: {
                const std::size_t end = text_end(line, step, begin, begin);
                if (end == std::string_view::npos) return false;
                set_text(wanted.kind, line.substr(begin, end - begin), entry);
                at = end;
                return true;
            }
            default: {
                std::size_t used = 0;
                // "%ts.%03tu": the literal behind the seconds begins with a point.
                const bool is_whole =
                    wanted.kind == FieldKind::epoch && literal_behind(step).starts_with('.');
                const std::string_view number = is_whole ? rest.substr(0, rest.find('.')) : rest;
                if (!set_number(wanted.kind, number, entry, used)) return false;
                at = begin + used;
                return true;
            }
        }
    }

    // The end of a text field that begins at `begin`, not before `from`. npos: there is none.
    std::size_t text_end(std::string_view line, std::size_t step, std::size_t begin,
                         std::size_t from) {
        const std::string_view behind = literal_behind(step);
        const bool is_last = step + 1 == format_.steps.size();
        const bool was_tried = from > begin;  // of texts that can end at one place only
        std::size_t quote = line.size();
        if (is_quoted_[step]) {
            const std::size_t size = closing_quote(line.substr(begin));
            if (size == std::string_view::npos) return size;
            quote = begin + size;
            if (behind.starts_with('"')) return was_tried ? std::string_view::npos : quote;
        }
        if (behind.empty() && is_last) return line.size();
        if (behind.empty()) {
            if (was_tried) return std::string_view::npos;
            return std::min(line.find_first_of("/? ", begin), quote);
        }
        const std::size_t end = line.find(behind, from);
        if (end == std::string_view::npos || end > quote) return std::string_view::npos;
        if (!is_last) choices_.push_back({step, begin, end});
        return end;
    }

    // Goes back to the last text field that can end later.
    bool next_choice(std::string_view line, std::size_t& step, std::size_t& at, Entry& entry) {
        while (!choices_.empty()) {
            const Choice choice = choices_.back();
            choices_.pop_back();
            const std::size_t end = text_end(line, choice.step, choice.begin, choice.end + 1);
            if (end == std::string_view::npos) continue;
            set_text(format_.steps[choice.step].kind, line.substr(choice.begin, end - choice.begin),
                     entry);
            step = choice.step + 1;
            at = end;
            return true;
        }
        return false;
    }

    void set_text(FieldKind kind, std::string_view text, Entry& entry) {
        switch (kind) {
            case FieldKind::client: {
                const std::uint16_t port = entry.client.port;
                entry.client = make_end(text);
                entry.client.port = port;
                break;
            }
            case FieldKind::server: {
                const std::uint16_t port = entry.server.port;
                entry.server = make_end(text);
                entry.server.port = port;
                break;
            }
            case FieldKind::ident:
                entry.ident = stated(text);
                break;
            case FieldKind::user:
                entry.user = stated(text);
                break;
            case FieldKind::domain:
                entry.domain = stated(without_port(text));
                break;
            case FieldKind::client_domain:
                values_.client_domain = stated(without_port(text));
                break;
            case FieldKind::section:
                entry.section = stated(text);
                break;
            default:
                break;
        }
    }

    bool set_number(FieldKind kind, std::string_view rest, Entry& entry, std::size_t& used) {
        switch (kind) {
            case FieldKind::in:
            case FieldKind::out:
            case FieldKind::out_body:
            case FieldKind::both:
                return set_volume(kind, number_at(rest), entry, used);
            case FieldKind::status:
            case FieldKind::client_port:
            case FieldKind::server_port:
                return set_small(kind, number_at(rest), entry, used);
            case FieldKind::duration_s:
            case FieldKind::duration_ms:
            case FieldKind::duration_us:
                return set_duration(kind, number_at(rest), entry, used);
            case FieldKind::clf_time:
            case FieldKind::iso_time:
            case FieldKind::epoch:
            case FieldKind::epoch_ms:
            case FieldKind::epoch_us:
                return set_time(kind, rest, entry, used);
            default:
                return set_time_part(kind, rest, used);
        }
    }

    bool set_volume(FieldKind kind, std::string_view text, Entry& entry, std::size_t& used) {
        used = text.size();
        Count count;
        const BadReason reason = parse_count_or_dash(text, count);
        if (reason != BadReason::none) {
            reason_ = reason;
            return false;
        }
        (kind == FieldKind::in         ? entry.in
         : kind == FieldKind::out      ? entry.out
         : kind == FieldKind::out_body ? values_.out_body
                                       : entry.both) = count;
        return true;
    }

    static bool set_small(FieldKind kind, std::string_view text, Entry& entry, std::size_t& used) {
        used = text.size();
        std::uint64_t value = 0;
        if (text != "-" && !parse_number(text, value)) return false;
        if (kind == FieldKind::status) entry.status = stated(text);
        if (kind == FieldKind::client_port) entry.client.port = parse_port(text);
        if (kind == FieldKind::server_port) entry.server.port = parse_port(text);
        return true;
    }

    static bool set_duration(FieldKind kind, std::string_view text, Entry& entry,
                             std::size_t& used) {
        used = text.size();
        if (text == "-") return true;
        // Squid writes negative times if the clock was set back.
        if (text.starts_with('-')) text = "0";
        std::uint64_t units = 0;
        if (kind == FieldKind::duration_s) {
            if (!parse_seconds(text, entry.duration_ns)) return false;
        } else {
            const std::int64_t unit = kind == FieldKind::duration_ms ? ns_per_ms : ns_per_us;
            constexpr std::uint64_t units_max = INT64_MAX / ns_per_ms;
            if (!parse_number(text, units) || units > units_max) return false;
            entry.duration_ns = static_cast<std::int64_t>(units) * unit;
        }
        entry.has_duration = true;
        return true;
    }

    bool set_time(FieldKind kind, std::string_view rest, Entry& entry, std::size_t& used) {
        const std::size_t before = rest.size();
        bool is_read = false;
        if (kind == FieldKind::clf_time) {
            is_read = clock_.read(rest, entry.time);
        } else if (kind == FieldKind::iso_time) {
            is_read = read_iso_time(rest, entry.time);
        } else if (kind == FieldKind::epoch) {
            is_read = read_epoch(rest, entry.time);
        } else {
            is_read = set_epoch_units(kind, rest, entry.time);
        }
        used = before - rest.size();
        if (!is_read) reason_ = BadReason::time;
        return is_read;
    }

    static bool set_epoch_units(FieldKind kind, std::string_view& rest, LineTime& time) {
        const std::int64_t unit = kind == FieldKind::epoch_ms ? ns_per_ms : ns_per_us;
        const std::string_view text = number_at(rest);
        std::uint64_t value = 0;
        if (!parse_number(text, value) || value > static_cast<std::uint64_t>(INT64_MAX / unit))
            return false;
        time = {};
        time.stated = time.has_year = time.has_zone = true;
        time.digits = kind == FieldKind::epoch_ms ? 3 : 6;
        time.local_ns = static_cast<std::int64_t>(value) * unit;
        rest.remove_prefix(text.size());
        return true;
    }

    bool set_time_part(FieldKind kind, std::string_view rest, std::size_t& used) {
        CalendarTime& calendar = values_.calendar;
        unsigned value = 0;
        switch (kind) {
            case FieldKind::year:
                if (!digits_at(rest, 4, 4, value, used)) return false;
                calendar.year = static_cast<int>(value);
                return true;
            case FieldKind::month:
                return digits_at(rest, 1, 2, calendar.month, used);
            case FieldKind::month_name:
                calendar.month = month_number(rest.substr(0, 3));
                used = 3;
                return calendar.month != 0;
            case FieldKind::day:
                return digits_at(rest, 1, 2, calendar.day, used);
            case FieldKind::hour:
                return digits_at(rest, 1, 2, calendar.hour, used);
            case FieldKind::minute:
                return digits_at(rest, 2, 2, calendar.minute, used);
            case FieldKind::second:
                values_.has_calendar = true;
                return digits_at(rest, 2, 2, calendar.second, used);
            case FieldKind::fraction_ms:
            case FieldKind::fraction_us:
                return set_fraction(kind, rest, used);
            case FieldKind::zone:
                return set_zone(rest, used);
            default:
                return false;
        }
    }

    bool set_fraction(FieldKind kind, std::string_view rest, std::size_t& used) {
        const std::size_t digits = kind == FieldKind::fraction_ms ? 3 : 6;
        unsigned value = 0;
        if (!digits_at(rest, digits, digits, value, used)) return false;
        const std::int64_t unit = kind == FieldKind::fraction_ms ? ns_per_ms : ns_per_us;
        values_.fraction_ns = static_cast<std::uint32_t>(value * unit);
        values_.fraction_digits = static_cast<std::uint8_t>(digits);
        return true;
    }

    // "+0100"
    bool set_zone(std::string_view rest, std::size_t& used) {
        unsigned value = 0;
        if (rest.empty() || (rest.front() != '+' && rest.front() != '-') ||
            !digits_at(rest.substr(1), 4, 4, value, used) || value / 100 > 23 || value % 100 > 59)
            return false;
        used = 5;
        const auto offset = static_cast<std::int32_t>(value / 100 * 3600 + value % 100 * 60);
        values_.zone.has_zone = true;
        values_.zone.offset_s = rest.front() == '-' ? -offset : offset;
        return true;
    }

    LineResult finish_entry(Entry& entry) {
        if (values_.has_calendar && !entry.time.stated) {
            if (!set_local(values_.calendar, entry.time)) return LineResult::bad(BadReason::time);
            entry.time.has_year = true;
            entry.time.has_zone = values_.zone.has_zone;
            entry.time.offset_s = values_.zone.offset_s;
        }
        if (values_.fraction_digits > 0 && entry.time.digits == 0) {
            entry.time.local_ns += values_.fraction_ns;
            entry.time.digits = values_.fraction_digits;
        }
        if (!entry.time.stated) return LineResult::bad(BadReason::time);
        if (entry.both.stated && !set_both(entry)) return LineResult::bad(BadReason::number);
        if (!entry.out.stated && !entry.both.stated) entry.out = values_.out_body;
        if (entry.domain.empty() || entry.domain == "_") {
            entry.domain = values_.client_domain;
            entry.domain_unverified = !entry.domain.empty();
        }
        entry.user_unverified = entry.status == "401" || entry.status == "407";
        entry.service = format_.service;
        entry.time_is_begin = format_.time_is_begin;
        return LineResult::traffic();
    }

    AccessFormat format_;
    std::vector<bool> is_quoted_;  // of each step: a quote of the format is open before the field
    ClfClock clock_;
    std::vector<Choice> choices_;
    AccessValues values_;
    BadReason reason_ = BadReason::shape;
};

}  // namespace

std::unique_ptr<LineReader> open_access_log(AccessFormat format) {
    return std::make_unique<AccessLogReader>(std::move(format));
}

}  // namespace octroi::logline
