// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/proxy_logs.hpp"

namespace octroi::logline {
namespace {

// The next field: a word, or a text in quotes with backslashes before quotes in it. False: the
// quote has no end.
bool read_cloud_field(std::string_view& rest, std::string_view& field) {
    if (!skip_text(rest, "\"")) {
        field = next_field(rest, ' ');
        return true;
    }
    const std::size_t end = closing_quote(rest);
    if (end == std::string_view::npos) return false;
    field = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    (void)skip_text(rest, " ");
    return true;
}

bool skip_cloud_fields(std::string_view& rest, int count) {
    std::string_view field;
    for (int i = 0; i < count; ++i)
        if (rest.empty() || !read_cloud_field(rest, field)) return false;
    return true;
}

// owner bucket [time] client requester request-id operation key "request" status error sent size …
class S3Reader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        (void)next_field(rest, ' ');
        entry.domain = next_field(rest, ' ');
        if (!skip_text(rest, "[")) return LineResult::bad(BadReason::shape);
        if (!clock_.read(rest, entry.time) || !skip_text(rest, "] "))
            return LineResult::bad(BadReason::time);
        entry.client = make_end(next_field(rest, ' '));
        entry.user = stated(next_field(rest, ' '));
        std::string_view status;
        std::string_view sent;
        // Request id, operation, key and the request; then the status and the error code.
        if (!skip_cloud_fields(rest, 4) || !read_cloud_field(rest, status) ||
            !skip_cloud_fields(rest, 1) || !read_cloud_field(rest, sent))
            return LineResult::bad(BadReason::shape);
        entry.status = stated(status);
        const BadReason reason = parse_count_or_dash(sent, entry.out);
        if (reason != BadReason::none) return LineResult::bad(reason);
        entry.service = "http";
        entry.time_is_begin = true;
        return LineResult::traffic();
    }

private:
    ClfClock clock_;
};

// -1 where a request ended before octets could be counted.
BadReason parse_elb_count(std::string_view text, Count& count) {
    if (text != "-1") return parse_count(text, count);
    count = {0, true};
    return BadReason::none;
}

// [type ]time balancer client:port target:port t t t status target-status received sent "request"
// "agent" cipher protocol[ group "trace" "host" …]
class ElbReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        // Application load balancers have the type before the time: "https".
        const bool has_type = !is_digit(rest.front());
        if (has_type) (void)next_field(rest, ' ');
        if (!read_iso_time(rest, entry.time) || !skip_text(rest, " "))
            return LineResult::bad(BadReason::time);
        entry.section = next_field(rest, ' ');
        entry.client = make_end_before_port(next_field(rest, ' '));
        (void)next_field(rest, ' ');  // the target, behind the balancer
        read_durations(rest, entry);
        entry.status = stated(next_field(rest, ' '));
        (void)next_field(rest, ' ');  // the status of the target
        const std::string_view received = next_field(rest, ' ');
        const std::string_view sent = next_field(rest, ' ');
        for (const BadReason reason :
             {parse_elb_count(received, entry.in), parse_elb_count(sent, entry.out)})
            if (reason != BadReason::none) return LineResult::bad(reason);
        entry.service = "http";
        if (has_type && !read_host(rest, entry)) return LineResult::bad(BadReason::shape);
        return LineResult::traffic();
    }

private:
    // Three times in seconds, -1 where the target did not answer.
    static void read_durations(std::string_view& rest, Entry& entry) {
        entry.has_duration = true;
        for (int i = 0; i < 3; ++i) {
            std::int64_t ns = 0;
            if (parse_seconds(next_field(rest, ' '), ns))
                entry.duration_ns += ns;
            else
                entry.has_duration = false;
        }
        if (!entry.has_duration) entry.duration_ns = 0;
    }

    // "request" "agent" cipher protocol group "trace" "host": the name of TLS (SNI).
    static bool read_host(std::string_view rest, Entry& entry) {
        std::string_view host;
        if (!skip_cloud_fields(rest, 6) || !read_cloud_field(rest, host)) return false;
        // A trace that is damaged moves the fields behind it: names have no blanks.
        if (host.find(' ') != std::string_view::npos) return true;
        entry.domain = stated(host);
        entry.domain_unverified = !entry.domain.empty();
        return true;
    }
};

}  // namespace

std::unique_ptr<LineReader> open_s3() { return std::make_unique<S3Reader>(); }
std::unique_ptr<LineReader> open_elb() { return std::make_unique<ElbReader>(); }

}  // namespace octroi::logline
