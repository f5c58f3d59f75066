// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/session_table.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// "1,477": rsync 3.1 and later may group the digits.
BadReason parse_grouped(std::string_view text, Count& count) {
    std::string digits;
    constexpr std::size_t longest = 26;
    if (text.size() > longest) return BadReason::over_limit;
    for (const char c : text)
        if (c != ',') digits.push_back(c);
    return parse_count(digits, count);
}

class RsyncReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        std::string_view pid;
        std::string_view program;
        if (!read_begin(rest, entry.time, pid, program)) return LineResult::bad(BadReason::shape);
        // Clients of rsync may write to the same syslog.
        if (!program.empty() && program != "rsyncd") return LineResult::other();
        if (skip_text(rest, "rsync on ") || skip_text(rest, "rsync to ")) {
            open_session(pid, rest);
            return LineResult::other();
        }
        if (!skip_text(rest, "sent ")) return LineResult::other();
        return read_totals(pid, rest, entry);
    }

    [[nodiscard]] std::string save() const override { return sessions_.save(); }
    [[nodiscard]] Status restore(std::string_view state) override {
        return sessions_.restore(state);
    }
    [[nodiscard]] std::uint64_t evicted() const noexcept override { return sessions_.evicted(); }

private:
    // "2011/02/22 21:50:32 [82] " or the header of syslog.
    static bool read_begin(std::string_view& rest, LineTime& time, std::string_view& pid,
                           std::string_view& program) {
        std::string_view at = rest;
        if (read_iso_time(at, time) && skip_text(at, " [")) {
            const std::size_t end = at.find("] ");
            if (end == std::string_view::npos) return false;
            pid = at.substr(0, end);
            rest = at.substr(end + 2);
            return true;
        }
        SyslogHeader header;
        if (!read_syslog_header(rest, header)) return false;
        time = header.time;
        pid = header.pid;
        program = header.program;
        rest = header.message;
        return true;
    }

    // "module/path from user@host (192.0.2.9)": from the right, because paths may have blanks.
    // "connect from host (192.0.2.9)" is not kept: everyone can connect, without a later line.
    void open_session(std::string_view pid, std::string_view rest) {
        if (!rest.ends_with(')')) return;
        rest.remove_suffix(1);
        Session session;
        session.client = last_field(rest, '(');
        const std::size_t from = rest.rfind(" from ");
        if (from == std::string_view::npos) return;
        const std::string_view path = rest.substr(0, from);
        session.section = path.substr(0, path.find('/'));
        constexpr std::size_t between = 6;
        const std::string_view host = rest.substr(from + between);
        const std::size_t at = host.find('@');
        if (at != std::string_view::npos) session.user = host.substr(0, at);
        sessions_.put(pid, std::move(session));
    }

    // "253 bytes  received 162 bytes  total size 1477". What a client prints has a rate in place of
    // the total size.
    LineResult read_totals(std::string_view pid, std::string_view rest, Entry& entry) {
        const std::string_view sent = next_field(rest, ' ');
        if (!skip_text(rest, "bytes")) return LineResult::bad(BadReason::shape);
        skip_blanks(rest);
        if (!skip_text(rest, "received ")) return LineResult::bad(BadReason::shape);
        const std::string_view received = next_field(rest, ' ');
        if (!skip_text(rest, "bytes")) return LineResult::bad(BadReason::shape);
        skip_blanks(rest);
        if (!rest.starts_with("total size ")) return LineResult::other();
        for (const BadReason reason :
             {parse_grouped(sent, entry.out), parse_grouped(received, entry.in)})
            if (reason != BadReason::none) return LineResult::bad(reason);
        entry.service = "rsync";
        if (const Session* const session = sessions_.find(pid)) {
            last_ = *session;
            sessions_.remove(pid);
            entry.client = make_end(last_.client);
            entry.user = stated(last_.user);
            entry.section = last_.section;
        }
        return LineResult::traffic();
    }

    SessionTable sessions_;
    Session last_;  // of the last entry
};

}  // namespace

std::unique_ptr<LineReader> open_rsyncd() { return std::make_unique<RsyncReader>(); }

}  // namespace octroi::logline
