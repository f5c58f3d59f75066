// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// `OK UPLOAD: Client "192.0.2.9", "/file", 18 bytes, 41264.44Kbyte/sec`; what failed at once has no
// octets. File names may imitate all of this: the end is read from the right.
bool read_octets(std::string_view& rest, Count& octets, BadReason& reason) {
    constexpr std::string_view unit = "Kbyte/sec";
    if (!rest.ends_with(unit)) return false;
    rest.remove_suffix(unit.size());
    (void)last_field(rest, ' ');  // the rate
    if (!rest.ends_with(",")) return false;
    rest.remove_suffix(1);
    octets = {0, true};
    if (rest.ends_with('"')) return true;
    constexpr std::string_view bytes = " bytes";
    if (!rest.ends_with(bytes)) return false;
    rest.remove_suffix(bytes.size());
    reason = parse_count(last_field(rest, ' '), octets);
    if (!rest.ends_with("\",")) return false;
    rest.remove_suffix(1);
    return true;
}

class VsftpdReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        if (!read_begin(rest, entry)) return LineResult::bad(BadReason::time);
        if (!skip_text(rest, "[")) return LineResult::other();
        const std::size_t bracket = rest.find("] ");
        if (bracket == std::string_view::npos) return LineResult::other();
        entry.user = rest.substr(0, bracket);
        rest.remove_prefix(bracket + 2);
        return read_event(rest, entry);
    }

private:
    // The time, and "[pid 3] " or "vsftpd[3]: " behind it.
    static bool read_begin(std::string_view& rest, Entry& entry) {
        if (read_asctime(rest, entry.time)) {
            if (!skip_text(rest, " [pid ")) return true;
            const std::size_t end = rest.find("] ");
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
            return true;
        }
        SyslogHeader header;
        if (!read_syslog_header(rest, header)) return false;
        entry.time = header.time;
        // Other programs that write to the same syslog log texts that others chose.
        const bool is_other = !header.program.empty() && header.program != "vsftpd";
        rest = is_other ? std::string_view() : header.message;
        return true;
    }

    static LineResult read_event(std::string_view rest, Entry& entry) {
        const bool is_complete = skip_text(rest, "OK ");
        if (!is_complete && !skip_text(rest, "FAIL ")) return LineResult::other();
        const bool is_upload = skip_text(rest, "UPLOAD: Client \"");
        if (!is_upload && !skip_text(rest, "DOWNLOAD: Client \"")) return LineResult::other();
        const std::size_t quote = rest.find("\", \"");
        if (quote == std::string_view::npos) return LineResult::bad(BadReason::shape);
        entry.client = make_end(rest.substr(0, quote));
        rest.remove_prefix(quote + 3);
        BadReason reason = BadReason::none;
        if (!read_octets(rest, is_upload ? entry.in : entry.out, reason) || rest.size() < 2)
            return LineResult::bad(reason == BadReason::none ? BadReason::shape : reason);
        if (reason != BadReason::none) return LineResult::bad(reason);
        entry.status = is_complete ? "complete" : "incomplete";
        entry.service = "ftp";
        // Anonymous sessions have these names (RFC 1635).
        entry.user_unverified = entry.user == "ftp" || entry.user == "anonymous";
        return LineResult::traffic();
    }
};

}  // namespace

std::unique_ptr<LineReader> open_vsftpd() { return std::make_unique<VsftpdReader>(); }

}  // namespace octroi::logline
