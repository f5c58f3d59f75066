// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/common_log.hpp"
#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

class PureFtpdReader final : public LineReader {
public:
    PureFtpdReader() : common_(open_common_log({.has_host = false, .is_ftp = true})) {}

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        SyslogHeader header;
        if (!read_syslog_header(line, header) || header.program.empty())
            return common_->read(line, entry);
        if (header.program != "pure-ftpd") return LineResult::other();
        entry.time = header.time;
        return read_message(header.message, entry);
    }

private:
    // "(ann@192.0.2.9) [NOTICE] /home/ann//a uploaded  (18 bytes, 5.60KB/sec)". Before a login the
    // user is '?'. A file name may imitate the end: it is read from the right.
    static LineResult read_message(std::string_view rest, Entry& entry) {
        constexpr std::string_view level = ") [NOTICE] ";
        const std::size_t close = rest.find(level);
        if (!rest.starts_with('(') || close == std::string_view::npos) return LineResult::other();
        std::string_view user = rest.substr(1, close - 1);
        rest.remove_prefix(close + level.size());
        constexpr std::string_view unit = "KB/sec)";
        if (!rest.ends_with(unit)) return LineResult::other();
        (void)last_field(rest, ' ');  // the rate
        constexpr std::string_view bytes = " bytes,";
        if (!rest.ends_with(bytes)) return LineResult::other();
        rest.remove_suffix(bytes.size());
        const std::string_view octets = last_field(rest, '(');
        rest = without_end(rest);
        const bool is_upload = rest.ends_with(" uploaded");
        if (!is_upload && !rest.ends_with(" downloaded")) return LineResult::other();
        const BadReason reason = parse_count(octets, is_upload ? entry.in : entry.out);
        if (reason != BadReason::none) return LineResult::bad(reason);
        entry.client = make_end(last_field(user, '@'));
        if (user != "?") entry.user = user;
        // Anonymous sessions have these names (RFC 1635).
        entry.user_unverified = user == "ftp" || user == "anonymous";
        entry.status = "complete";
        entry.service = "ftp";
        return LineResult::traffic();
    }

    std::unique_ptr<LineReader> common_;
};

}  // namespace

std::unique_ptr<LineReader> open_pureftpd() { return std::make_unique<PureFtpdReader>(); }

}  // namespace octroi::logline
