// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "wire/log/fields.hpp"
#include "wire/log/mail_logs.hpp"
#include "wire/log/session_table.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// A queue id: hexadecimal digits, or the long form of letters and digits.
bool is_queue_id(std::string_view text) {
    constexpr std::size_t shortest = 5;
    constexpr std::size_t longest = 24;
    return text.size() >= shortest && text.size() <= longest && text != "NOQUEUE" &&
           std::ranges::all_of(text, [](char c) {
               return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

// The address between '<' and '>' at the beginning. Quoted local parts may have a '>'.
std::string_view read_mail_address(std::string_view& rest) {
    bool is_quoted = false;
    for (std::size_t at = 0; at < rest.size(); ++at) {
        if (rest[at] == '\\' && is_quoted) {
            ++at;
        } else if (rest[at] == '"') {
            is_quoted = !is_quoted;
        } else if (rest[at] == '>' && !is_quoted) {
            const std::string_view address = rest.substr(0, at);
            rest.remove_prefix(at + 1);
            return address;
        }
    }
    // An unbalanced quote, as old versions write it.
    const std::size_t end = rest.find('>');
    const std::string_view address = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return address;
}

// "name[192.0.2.1]:25" or "name[192.0.2.1]"; "none" and "local" have no address.
End read_host(std::string_view text) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) return {};
    End end = make_end(text.substr(open + 1, close - open - 1));
    if (close + 2 < text.size() && text[close + 1] == ':')
        end.port = parse_port(text.substr(close + 2));
    return end;
}

// The value behind ", name=" up to the next ", ".
std::string_view attribute_of(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) return {};
    const std::string_view value = text.substr(at + name.size());
    return value.substr(0, value.find(", "));
}

class PostfixReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        if (without_end(line).empty()) return LineResult::other();
        SyslogHeader header;
        if (!read_syslog_header(line, header)) return LineResult::bad(BadReason::time);
        std::string_view rest = header.message;
        const std::size_t colon = rest.find(": ");
        if (colon == std::string_view::npos || !is_queue_id(rest.substr(0, colon)) ||
            header.program.empty())
            return LineResult::other();
        key_.assign(header.host).append(1, ' ').append(rest.substr(0, colon));
        rest.remove_prefix(colon + 2);
        entry.time = header.time;
        entry.service = "smtp";
        const bool is_manager = header.program.ends_with("qmgr");
        if (header.program.ends_with("smtpd")) {
            if (skip_text(rest, "client=")) add_client(rest);
            return LineResult::other();
        }
        if (is_manager && skip_text(rest, "from=<")) return read_active(rest, entry);
        if (skip_text(rest, "to=<")) return read_delivery(rest, entry);
        if (is_manager && rest == "removed") mails_.remove(key_);
        return LineResult::other();
    }

    [[nodiscard]] std::string save() const override { return mails_.save(); }
    [[nodiscard]] Status restore(std::string_view state) override { return mails_.restore(state); }
    [[nodiscard]] std::uint64_t evicted() const noexcept override { return mails_.evicted(); }

private:
    // smtpd: "name[192.0.2.1], sasl_method=PLAIN, sasl_username=ann": the first line of a mail.
    void add_client(std::string_view rest) {
        Session mail;
        mail.client = read_host(rest.substr(0, rest.find(", "))).text;
        mail.user = attribute_of(rest, ", sasl_username=");
        mails_.put(key_, std::move(mail));
    }

    // qmgr: "ann@example.com>, size=12345, nrcpt=1 (queue active)". An address may imitate what
    // stands behind it: the size is read from the right.
    LineResult read_active(std::string_view rest, Entry& entry) {
        const std::size_t recipients = rest.rfind(", nrcpt=");
        if (recipients == std::string_view::npos) return LineResult::other();
        rest = rest.substr(0, recipients);
        const std::size_t size = rest.rfind(">, size=");
        if (size == std::string_view::npos) return LineResult::other();
        constexpr std::size_t between = 8;
        Count octets;
        const BadReason reason = parse_count(rest.substr(size + between), octets);
        if (reason != BadReason::none) return LineResult::bad(reason);
        const Session* const known = mails_.find(key_);
        if (known != nullptr && known->has_size)
            return LineResult::other();  // deferred, and active once more
        client_ = known == nullptr ? std::string() : known->client;
        login_ = known == nullptr ? std::string() : known->user;
        // Deliveries need the size only, and a queue may have many mails.
        Session mail;
        mail.has_size = true;
        mail.size = octets.value;
        mails_.put(key_, std::move(mail));
        entry.in = octets;
        entry.sender = entry.user = rest.substr(0, size);
        entry.login = login_;
        entry.user_unverified = login_.empty();
        entry.domain = domain_of(entry.sender);
        entry.client = make_end(client_);
        entry.status = "queued";
        return LineResult::traffic();
    }

    // "bob@example.org>, orig_to=<b>, relay=host[192.0.2.1]:25, delay=0, …, status=sent (250 …)"
    LineResult read_delivery(std::string_view rest, Entry& entry) {
        entry.recipient = entry.user = read_mail_address(rest);
        constexpr std::string_view name = ", status=";
        const std::size_t status = rest.find(name);
        if (status == std::string_view::npos) return LineResult::other();
        std::string_view behind = rest.substr(status + name.size());
        entry.status = next_field(behind, ' ');
        if (entry.status != "sent") return LineResult::other();
        const Session* const mail = mails_.find(key_);
        if (mail == nullptr || !mail->has_size) return LineResult::bad(BadReason::unknown_size);
        entry.server = read_host(attribute_of(rest.substr(0, status), ", relay="));
        entry.domain = domain_of(entry.recipient);
        entry.out = {mail->size, true};
        return LineResult::traffic();
    }

    SessionTable mails_;  // user: the authenticated one
    std::string key_;     // host and queue id of the present line
    std::string client_;  // of the last entry
    std::string login_;
};

}  // namespace

std::unique_ptr<LineReader> open_postfix() { return std::make_unique<PostfixReader>(); }

}  // namespace octroi::logline
