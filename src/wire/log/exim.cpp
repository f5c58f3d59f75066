// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/mail_logs.hpp"
#include "wire/log/session_table.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// "1LIl2Q-0001ab-Cd", and the longer form of Exim 4.97: "1rT0Jx-000000001Ab-3cde".
bool is_message_id(std::string_view text) {
    if (text.size() != 16 && text.size() != 23) return false;
    const std::size_t second_hyphen = text.size() == 16 ? 13 : 18;
    return text[6] == '-' && text[second_hyphen] == '-' && std::ranges::all_of(text, [](char c) {
               return is_digit(c) || c == '-' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

// The next field; it has the blanks within quotes (subjects, certificates).
std::string_view next_exim_field(std::string_view& rest) {
    std::size_t at = 0;
    bool is_quoted = false;
    for (; at < rest.size(); ++at) {
        if (is_quoted && rest[at] == '\\') {
            ++at;
        } else if (rest[at] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && rest[at] == ' ') {
            break;
        }
    }
    at = std::min(at, rest.size());
    const std::string_view field = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return field;
}

// What the fields behind the address of a line state.
struct EximFields {
    std::string_view host;   // the first address in brackets: of H=
    std::string_view login;  // A=plain:ann
    std::optional<std::string_view> size;
};

// H=name (helo) [192.0.2.1]:25 … P=esmtps … A=plain:ann S=1234 …: the size is the first S= behind
// P= on arrival, and the first at all on delivery. The name that a client gave (helo) has no
// blanks.
EximFields read_exim_fields(std::string_view rest, bool is_arrival) {
    EximFields fields;
    bool is_sized = !is_arrival;
    while (!rest.empty()) {
        std::string_view field = next_exim_field(rest);
        if (fields.host.empty() && field.starts_with('[')) {
            fields.host = field.substr(1, field.find(']') - 1);
        } else if (skip_text(field, "P=")) {
            is_sized = true;
        } else if (skip_text(field, "A=")) {
            const std::size_t colon = field.find(':');
            if (colon != std::string_view::npos) fields.login = field.substr(colon + 1);
        } else if (is_sized && !fields.size && skip_text(field, "S=")) {
            fields.size = field;
        }
    }
    return fields;
}

class EximReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        if (!read_begin(rest, entry.time)) return LineResult::bad(BadReason::time);
        const std::string_view id = next_field(rest, ' ');
        if (!is_message_id(id)) return LineResult::other();
        entry.service = "smtp";
        const std::string_view mark = next_field(rest, ' ');
        if (mark == "<=") return read_arrival(id, rest, entry);
        if (mark == "=>" || mark == "->" || mark == ">>") return read_delivery(id, rest, entry);
        if (mark == "Completed") mails_.remove(id);
        return LineResult::other();
    }

    [[nodiscard]] std::string save() const override { return mails_.save(); }
    [[nodiscard]] Status restore(std::string_view state) override { return mails_.restore(state); }
    [[nodiscard]] std::uint64_t evicted() const noexcept override { return mails_.evicted(); }

private:
    // "2009-01-01 12:00:00 ", "… +0100 ", "… [1234] ", or the header of syslog before it.
    static bool read_begin(std::string_view& rest, LineTime& time) {
        if (!read_iso_time(rest, time)) {
            SyslogHeader header;
            if (!read_syslog_header(rest, header)) return false;
            // Other programs that write to the same syslog log texts that others chose.
            const bool is_other = !header.program.empty() && !header.program.starts_with("exim");
            rest = is_other ? std::string_view() : header.message;
            time = header.time;
            LineTime own;
            if (read_iso_time(rest, own)) time = own;
        }
        skip_blanks(rest);
        if (rest.starts_with('[')) {
            (void)next_field(rest, ' ');
            skip_blanks(rest);
        }
        return true;
    }

    LineResult read_arrival(std::string_view id, std::string_view rest, Entry& entry) {
        const std::string_view sender = next_exim_field(rest);
        const EximFields fields = read_exim_fields(rest, true);
        if (!fields.size) return LineResult::bad(BadReason::shape);
        const BadReason reason = parse_count(*fields.size, entry.in);
        if (reason != BadReason::none) return LineResult::bad(reason);
        Session mail;
        mail.size = entry.in.value;
        mail.has_size = true;
        mails_.put(id, std::move(mail));
        entry.sender = sender == "<>" ? std::string_view() : sender;
        entry.user = entry.sender;
        entry.login = fields.login;
        entry.user_unverified = fields.login.empty();
        entry.domain = domain_of(entry.sender);
        entry.client = make_end(fields.host);
        entry.status = "queued";
        return LineResult::traffic();
    }

    // "bob@example.org R=dnslookup T=remote_smtp H=host [192.0.2.1]", "bob <bob@example.org> R=…"
    LineResult read_delivery(std::string_view id, std::string_view rest, Entry& entry) {
        std::string_view recipient = next_exim_field(rest);
        // A local user has the original address behind it.
        if (rest.starts_with('<') && recipient.find('@') == std::string_view::npos) {
            recipient = next_exim_field(rest).substr(1);
            recipient = recipient.substr(0, recipient.find('>'));
        }
        entry.recipient = entry.user = recipient;
        const EximFields fields = read_exim_fields(rest, false);
        const Session* const mail = mails_.find(id);
        if (fields.size) {
            const BadReason reason = parse_count(*fields.size, entry.out);
            if (reason != BadReason::none) return LineResult::bad(reason);
        } else if (mail != nullptr) {
            entry.out = {mail->size, true};
        } else {
            return LineResult::bad(BadReason::unknown_size);
        }
        entry.domain = domain_of(recipient);
        entry.server = make_end(fields.host);
        entry.status = "sent";
        return LineResult::traffic();
    }

    SessionTable mails_;
};

}  // namespace

std::unique_ptr<LineReader> open_exim() { return std::make_unique<EximReader>(); }

}  // namespace octroi::logline
