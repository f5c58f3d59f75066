// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <optional>

#include "wire/log/fields.hpp"
#include "wire/log/mail_logs.hpp"
#include "wire/log/session_table.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// Skips "Info: " and the like, which Dovecot's own log files have.
void skip_severity(std::string_view& rest) {
    for (const std::string_view severity : {"Info: ", "Warning: ", "Error: ", "Debug: "})
        if (skip_text(rest, severity)) return;
}

// The services that log the octets of their users. Other processes log names that clients sent.
// Empty: it is none of them. Version 1 has capitals.
std::string_view known_service(std::string_view name) {
    // A session that ends while it waits (IDLE) has its octets in the line of this process.
    if (name == "imap-hibernate") return "imap";
    constexpr std::array<std::string_view, 7> names{"imap", "pop3", "managesieve", "submission",
                                                    "lmtp", "lda",  "deliver"};
    for (const std::string_view each : names)
        if (std::ranges::equal(each, name,
                               [](char a, char b) { return a == static_cast<char>(b | 0x20); }))
            return each;
    return {};
}

// "imap(ann@example.com)<1234><session>: Logged out in=93 out=1020"
struct MailService {
    std::string_view name;  // "imap": a constant
    std::string_view user;
    std::string_view pid;
    std::string_view session;
    std::string_view message;
};

bool read_mail_service(std::string_view rest, MailService& service) {
    skip_severity(rest);
    const std::size_t open = rest.find('(');
    const std::size_t colon = rest.find(": ");
    if (open == std::string_view::npos || open == 0 || colon < open) return false;
    service.name = known_service(rest.substr(0, open));
    if (service.name.empty()) return false;
    rest.remove_prefix(open + 1);
    const std::size_t close = rest.find("): ");
    const std::size_t close_and_more = rest.find(")<");
    const std::size_t end = std::min(close, close_and_more);
    if (end == std::string_view::npos) return false;
    std::string_view user = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    // LMTP: "lmtp(1234, ann)" and "lmtp(ann)"; logins: "imap(ann,192.0.2.1)".
    const std::size_t comma = user.find(", ");
    if (comma != std::string_view::npos) {
        service.pid = user.substr(0, comma);
        user.remove_prefix(comma + 2);
    }
    service.user = user.substr(0, user.find(','));
    if (skip_text(rest, "<")) service.pid = next_field(rest, '>');
    if (skip_text(rest, "<")) service.session = next_field(rest, '>');
    if (!skip_text(rest, ": ")) return false;
    skip_severity(rest);
    service.message = rest;
    return true;
}

// The number behind "name=", at the beginning of the text or behind a blank or comma; up to
// another blank, comma or '/'. Empty: there is none; two of them are none either.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
    std::optional<std::string_view> value;
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
        if (at > 0 && text[at - 1] != ' ' && text[at - 1] != ',' && text[at - 1] != '(') continue;
        if (value) return std::nullopt;
        const std::string_view rest = text.substr(at + name.size());
        value = rest.substr(0, rest.find_first_of(" ,)"));
    }
    return value;
}

// Messages of plugins name mailboxes and mails, which users choose.
bool is_mailbox_event(std::string_view message) {
    for (const std::string_view name : {"box=", "msgid=", "uid=", "subject="})
        if (message.find(name) != std::string_view::npos) return true;
    return false;
}

class DovecotReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        if (without_end(line).empty()) return LineResult::other();
        // Version 1 begins the lines of its own file with its name.
        (void)skip_text(line, "dovecot: ");
        SyslogHeader header;
        if (!read_syslog_header(line, header)) return LineResult::bad(BadReason::time);
        const std::uint64_t times = unfold_message(header);
        entry.time = header.time;
        // In Dovecot's own files the service stands where syslog has the program or the host.
        std::string_view rest = header.message;
        if (header.program != "dovecot") rest = own_message(without_end(line), header);
        if (add_login(rest)) return LineResult::other();
        MailService service;
        if (!read_mail_service(rest, service)) return LineResult::other();
        entry.user = service.user;
        entry.domain = domain_of(service.user);
        const LineResult result =
            service.name == "lmtp" || service.name == "lda" || service.name == "deliver"
                ? read_delivery(service, entry)
                : read_session_end(service, entry);
        if (result.kind != LineKind::traffic) return result;
        if (!repeat_entry(times, entry)) return LineResult::bad(BadReason::over_limit);
        set_client(service, entry);
        return result;
    }

    [[nodiscard]] std::string save() const override { return logins_.save(); }
    [[nodiscard]] Status restore(std::string_view state) override { return logins_.restore(state); }
    [[nodiscard]] std::uint64_t evicted() const noexcept override { return logins_.evicted(); }

private:
    // The line behind the time stamp.
    static std::string_view own_message(std::string_view line, const SyslogHeader& header) {
        const std::string_view first = !header.host.empty()      ? header.host
                                       : !header.program.empty() ? header.program
                                                                 : header.message;
        if (first.find('(') == std::string_view::npos && !first.ends_with("-login:") &&
            !first.ends_with("-login"))
            return header.message;
        return line.substr(static_cast<std::size_t>(first.data() - line.data()));
    }

    // "imap-login: Info: Login: user=<ann>, method=PLAIN, rip=192.0.2.1, …, mpid=18, session=<x>"
    bool add_login(std::string_view rest) {
        std::string_view service = rest.substr(0, rest.find(": "));
        if (!service.ends_with("-login")) return false;
        rest.remove_prefix(std::min(rest.size(), service.size() + 2));
        skip_severity(rest);
        const auto address = value_of(rest, "rip=");
        if (!rest.starts_with("Login: ") || !address) return true;
        Session login;
        login.client = *address;
        const auto session = value_of(rest, "session=<");
        const auto process = value_of(rest, "mpid=");
        if (session && session->ends_with('>')) {
            logins_.put(session->substr(0, session->size() - 1), std::move(login));
        } else if (process) {
            logins_.put(*process, std::move(login));
        }
        return true;
    }

    void set_client(const MailService& service, Entry& entry) {
        const std::string_view key = service.session.empty() ? service.pid : service.session;
        const Session* const login = key.empty() ? nullptr : logins_.find(key);
        if (login == nullptr) return;
        client_ = login->client;
        logins_.remove(key);
        entry.client = make_end(client_);
    }

    // in= and out=; of version 1 bytes=in/out; of POP3 the octets of retr= and top=.
    static LineResult read_session_end(const MailService& service, Entry& entry) {
        const std::string_view message = service.message;
        if (is_mailbox_event(message)) return LineResult::other();
        entry.service = service.name;
        entry.status = "complete";
        const auto in = value_of(message, "in=");
        const auto out = value_of(message, "out=");
        if (in && out) return set_counts(*in, *out, entry);
        if (auto both = value_of(message, "bytes=")) {
            const std::string_view first = next_field(*both, '/');
            return set_counts(first, *both, entry);
        }
        return read_pop3(message, entry);
    }

    static LineResult set_counts(std::string_view in, std::string_view out, Entry& entry) {
        for (const BadReason reason : {parse_count(in, entry.in), parse_count(out, entry.out)})
            if (reason != BadReason::none) return LineResult::bad(reason);
        return LineResult::traffic();
    }

    // "top=0/0, retr=1/1020, del=0/1, size=4321": mails and octets; size is that of the mailbox.
    static LineResult read_pop3(std::string_view message, Entry& entry) {
        auto retrieved = value_of(message, "retr=");
        auto tops = value_of(message, "top=");
        if (!retrieved || !tops) return LineResult::other();
        (void)next_field(*retrieved, '/');
        (void)next_field(*tops, '/');
        Count top;
        for (const BadReason reason : {parse_count(*retrieved, entry.out), parse_count(*tops, top)})
            if (reason != BadReason::none) return LineResult::bad(reason);
        if (top.value > volume_max - entry.out.value) return LineResult::bad(BadReason::over_limit);
        entry.out.value += top.value;
        return LineResult::traffic();
    }

    // "msgid=<…>, size=1234: saved mail to INBOX", if the format has the size. Senders choose
    // message ids and subjects: a line with two sizes is none.
    static LineResult read_delivery(const MailService& service, Entry& entry) {
        const std::string_view message = service.message;
        const std::size_t saved = message.rfind("saved mail to ");
        if (saved == std::string_view::npos) return LineResult::other();
        const auto size = value_of(message.substr(0, saved), "size=");
        if (!size) {
            const bool has_several = message.find("size=") != std::string_view::npos;
            return has_several ? LineResult::bad(BadReason::ambiguous) : LineResult::other();
        }
        std::string_view octets = *size;
        if (octets.ends_with(':')) octets.remove_suffix(1);
        const BadReason reason = parse_count(octets, entry.in);
        if (reason != BadReason::none) return LineResult::bad(reason);
        entry.service = service.name;
        entry.recipient = service.user;
        entry.status = "complete";
        return LineResult::traffic();
    }

    SessionTable logins_;
    std::string client_;  // of the last entry
};

}  // namespace

std::unique_ptr<LineReader> open_dovecot() { return std::make_unique<DovecotReader>(); }

}  // namespace octroi::logline
