// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/syslog_header.hpp"

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"

namespace octroi::logline {
namespace {

// "<40>": facility and severity. Not removed if it has another form.
void skip_priority(std::string_view& rest) noexcept {
    constexpr std::size_t longest = 5;
    const std::size_t end = rest.substr(0, longest).find('>');
    if (rest.empty() || rest.front() != '<' || end == std::string_view::npos) return;
    for (const char c : rest.substr(1, end - 1))
        if (!is_digit(c)) return;
    rest.remove_prefix(end + 1);
}

// "postfix/smtpd[123]: " or "kernel: ". A line without a tag is all message.
void read_tag(std::string_view rest, SyslogHeader& header) noexcept {
    const std::size_t colon = rest.find(": ");
    const std::string_view tag = rest.substr(0, colon);
    header.message = rest;
    if (colon == std::string_view::npos || tag.empty() || tag.find(' ') != std::string_view::npos)
        return;
    header.message = rest.substr(colon + 2);
    header.program = tag;
    const std::size_t bracket = tag.find('[');
    if (bracket == std::string_view::npos || bracket == 0 || !tag.ends_with(']')) return;
    header.program = tag.substr(0, bracket);
    header.pid = tag.substr(bracket + 1, tag.size() - bracket - 2);
}

// Solaris: "[ID 197553 mail.info] " before the message.
void skip_message_id(std::string_view& message) noexcept {
    constexpr std::size_t longest = 40;
    if (!message.starts_with("[ID ")) return;
    const std::size_t end = message.substr(0, longest).find("] ");
    if (end != std::string_view::npos) message.remove_prefix(end + 2);
}

// FreeBSD with -v: "<mail.info> " behind the time, with -vv: "<2.6> ".
void skip_facility(std::string_view& rest) noexcept {
    constexpr std::size_t longest = 24;
    if (!rest.starts_with('<')) return;
    const std::size_t end = rest.substr(0, longest).find("> ");
    if (end != std::string_view::npos) rest.remove_prefix(end + 2);
}

// The structured data of RFC 5424: "-", or one or more elements in brackets.
bool skip_structured_data(std::string_view& rest) noexcept {
    if (skip_text(rest, "- ")) return true;
    while (skip_text(rest, "[")) {
        std::size_t at = 0;
        bool is_quoted = false;
        for (; at < rest.size(); ++at) {
            if (is_quoted && rest[at] == '\\') {
                ++at;
            } else if (rest[at] == '"') {
                is_quoted = !is_quoted;
            } else if (!is_quoted && rest[at] == ']') {
                break;
            }
        }
        if (at >= rest.size()) return false;
        rest.remove_prefix(at + 1);
        if (skip_text(rest, " ")) return true;
    }
    return rest.empty();
}

// "1 2003-10-11T22:14:15.003Z host program 1234 id - message"
bool read_rfc5424(std::string_view rest, SyslogHeader& header) noexcept {
    if (!skip_text(rest, "1 ") || !read_iso_time(rest, header.time) || !skip_text(rest, " "))
        return false;
    header.host = stated(next_field(rest, ' '));
    header.program = stated(next_field(rest, ' '));
    header.pid = stated(next_field(rest, ' '));
    (void)next_field(rest, ' ');  // the message id
    if (!skip_structured_data(rest)) return false;
    (void)skip_text(rest, "\xef\xbb\xbf");
    header.message = rest;
    return true;
}

}  // namespace

bool read_syslog_header(std::string_view line, SyslogHeader& header) noexcept {
    header = {};
    std::string_view rest = without_end(line);
    skip_priority(rest);
    if (rest.starts_with("1 ")) return read_rfc5424(rest, header);
    if (!read_syslog_time(rest, header.time) && !read_iso_time(rest, header.time) &&
        !read_epoch(rest, header.time) && !read_tai64n(rest, header.time))
        return false;
    if (!skip_text(rest, " ")) return false;
    skip_blanks(rest);
    skip_facility(rest);
    // Logs that a program writes itself have no host: "Sep  8 07:46:30 imap(ann): Info: …".
    std::string_view behind = rest;
    const std::string_view host = next_field(behind, ' ');
    if (!host.ends_with(':')) {
        header.host = host;
        rest = behind;
    }
    read_tag(rest, header);
    skip_message_id(header.message);
    return true;
}

std::uint64_t unfold_message(SyslogHeader& header) noexcept {
    std::string_view rest = header.message;
    std::uint64_t times = 0;
    if (!skip_text(rest, "message repeated ") || !parse_number(next_field(rest, ' '), times) ||
        times == 0 || !skip_text(rest, "times: [ ") || !rest.ends_with(']'))
        return 1;
    rest.remove_suffix(1);
    header.message = rest;
    return times;
}

}  // namespace octroi::logline
