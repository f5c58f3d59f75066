// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/line_time.hpp"

namespace octroi::logline {
namespace {

class PureFtpdStatsReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        if (!read_epoch(rest, entry.time) || !skip_text(rest, " "))
            return LineResult::bad(BadReason::time);
        // The file name is the last field, so nothing that a client chooses is before the size but
        // the name of the user, which has no blanks.
        (void)next_field(rest, ' ');  // the session
        entry.user = stated(next_field(rest, ' '));
        entry.client = make_end(next_field(rest, ' '));
        const std::string_view direction = next_field(rest, ' ');
        if (direction != "U" && direction != "D") return LineResult::bad(BadReason::shape);
        const BadReason reason =
            parse_count(next_field(rest, ' '), direction == "U" ? entry.in : entry.out);
        if (reason != BadReason::none) return LineResult::bad(reason);
        entry.has_duration = parse_seconds(next_field(rest, ' '), entry.duration_ns);
        if (!entry.has_duration || rest.empty()) return LineResult::bad(BadReason::shape);
        // Anonymous sessions have these names (RFC 1635).
        entry.user_unverified = entry.user == "ftp" || entry.user == "anonymous";
        entry.service = "ftp";
        return LineResult::traffic();
    }
};

}  // namespace

std::unique_ptr<LineReader> open_pureftpd_stats() {
    return std::make_unique<PureFtpdStatsReader>();
}

}  // namespace octroi::logline
