// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/proxy_logs.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

constexpr std::int64_t haproxy_tick_ns = 1'000'000;

// "10/0/30/69/109": the number of timers; the last one is the whole time, "+109" with logasap.
std::size_t read_timers(std::string_view text, Entry& entry) {
    const auto slashes = static_cast<std::size_t>(std::ranges::count(text, '/'));
    std::string_view last = text.substr(text.rfind('/') + 1);
    (void)skip_text(last, "+");
    std::uint64_t ticks = 0;
    constexpr std::uint64_t ticks_max = INT64_MAX / haproxy_tick_ns;
    if (parse_number(last, ticks) && ticks <= ticks_max) {
        entry.has_duration = true;
        entry.duration_ns = static_cast<std::int64_t>(ticks) * haproxy_tick_ns;
    }
    return slashes == 0 ? 0 : slashes + 1;
}

class HaproxyReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        if (SyslogHeader header; read_syslog_header(rest, header)) rest = header.message;
        // "192.0.2.1:33317 [06/Feb/2009:12:14:14.655] frontend backend/server timers …": other
        // messages have no such beginning.
        const std::string_view client = next_field(rest, ' ');
        if (!skip_text(rest, "[") || !read_clf_time(rest, entry.time) || !skip_text(rest, "] "))
            return LineResult::other();
        entry.client = make_end_before_port(client);
        entry.time_is_begin = true;
        entry.section = next_field(rest, ' ');
        if (entry.section.ends_with('~')) entry.section.remove_suffix(1);  // TLS
        (void)next_field(rest, ' ');                                       // backend and server
        const std::size_t timers = read_timers(next_field(rest, ' '), entry);
        return read_octets(timers, rest, entry);
    }

private:
    static constexpr std::size_t http_timers = 5;
    static constexpr std::size_t tcp_timers = 3;

    // HTTP has the status before the octets, TCP has not.
    static LineResult read_octets(std::size_t timers, std::string_view rest, Entry& entry) {
        if (timers != http_timers && timers != tcp_timers) return LineResult::other();
        entry.service = "tcp";
        if (timers == http_timers) {
            entry.service = "http";
            const std::string_view status = next_field(rest, ' ');
            std::uint64_t code = 0;
            if (status != "-1" && !parse_number(status, code))
                return LineResult::bad(BadReason::number);
            if (status != "-1") entry.status = status;
        }
        std::string_view octets = next_field(rest, ' ');
        if (skip_text(octets, "+")) entry.status = "incomplete";
        const BadReason reason = parse_count(octets, entry.out);
        return reason == BadReason::none ? LineResult::traffic() : LineResult::bad(reason);
    }
};

}  // namespace

std::unique_ptr<LineReader> open_haproxy() { return std::make_unique<HaproxyReader>(); }

}  // namespace octroi::logline
