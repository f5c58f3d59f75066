// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/session_table.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// With internal-sftp a process of sshd logs; it is sshd-session since OpenSSH 9.8.
bool is_sftp_program(std::string_view program) {
    constexpr std::array<std::string_view, 4> programs{"internal-sftp", "sftp-server", "sshd",
                                                       "sshd-session"};
    return program.empty() || std::ranges::find(programs, program) != programs.end();
}

class SftpReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        SyslogHeader header;
        if (without_end(line).empty()) return LineResult::other();
        if (!read_syslog_header(line, header)) return LineResult::bad(BadReason::time);
        if (!is_sftp_program(header.program)) return LineResult::other();
        entry.time = header.time;
        const std::uint64_t times = unfold_message(header);
        std::string_view rest = header.message;
        // With internal-sftp the process that is the parent logs: "… [postauth]".
        constexpr std::string_view parent = " [postauth]";
        if (rest.ends_with(parent)) rest.remove_suffix(parent.size());
        if (skip_text(rest, "session opened for local user ")) {
            open_session(header, rest);
            return LineResult::other();
        }
        if (rest.starts_with("session closed for local user ")) {
            sessions_.remove(header.pid);
            return LineResult::other();
        }
        const bool is_forced = skip_text(rest, "forced ");
        if (!skip_text(rest, "close \"")) return LineResult::other();
        entry.status = is_forced ? "incomplete" : "complete";
        const LineResult result = read_close(header.pid, rest, entry);
        if (result.kind == LineKind::traffic && !repeat_entry(times, entry))
            return LineResult::bad(BadReason::over_limit);
        return result;
    }

    [[nodiscard]] std::string save() const override { return sessions_.save(); }
    [[nodiscard]] Status restore(std::string_view state) override {
        return sessions_.restore(state);
    }
    [[nodiscard]] std::uint64_t evicted() const noexcept override { return sessions_.evicted(); }

private:
    // "ann from [192.0.2.9]"
    void open_session(const SyslogHeader& header, std::string_view rest) {
        const std::size_t from = rest.rfind(" from [");
        if (from == std::string_view::npos || !rest.ends_with(']')) return;
        constexpr std::size_t between = 7;
        std::string_view address = rest.substr(from + between);
        address.remove_suffix(1);
        Session session;
        session.user = rest.substr(0, from);
        session.client = address;
        sessions_.put(header.pid, std::move(session));
    }

    // `/file" bytes read 0 written 18`: the name may imitate it, the last one is the server's.
    LineResult read_close(std::string_view pid, std::string_view rest, Entry& entry) {
        const BadReason in = parse_count(last_field(rest, ' '), entry.in);
        if (last_field(rest, ' ') != "written") {
            // Directories are closed without figures.
            return rest.ends_with('"') || in == BadReason::number
                       ? LineResult::other()
                       : LineResult::bad(BadReason::shape);
        }
        const BadReason out = parse_count(last_field(rest, ' '), entry.out);
        if (!rest.ends_with("\" bytes read")) return LineResult::bad(BadReason::shape);
        if (in != BadReason::none) return LineResult::bad(in);
        if (out != BadReason::none) return LineResult::bad(out);
        entry.service = "sftp";
        if (const Session* const session = sessions_.find(pid)) {
            client_ = session->client;
            user_ = session->user;
            entry.client = make_end(client_);
            entry.user = user_;
        }
        return LineResult::traffic();
    }

    SessionTable sessions_;
    std::string client_;  // of the last entry
    std::string user_;
};

}  // namespace

std::unique_ptr<LineReader> open_sftp_server() { return std::make_unique<SftpReader>(); }

}  // namespace octroi::logline
