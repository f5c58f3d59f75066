// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/common_log.hpp"

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/usual_line.hpp"

namespace octroi::logline {
namespace {

// "client ident user": a user name may contain blanks, the others contain none.
bool read_client(std::string_view text, Entry& entry) {
    const std::string_view client = next_field(text, ' ');
    const std::string_view ident = next_field(text, ' ');
    // A list of addresses (X-Forwarded-For) is another format: the client chose most of them.
    if (client.empty() || client.ends_with(',') || client.front() == '"' || ident.empty())
        return false;
    if (find_char(text, ' ') != std::string_view::npos && ident != "-") return false;
    read_end(client, entry.client);
    entry.ident = stated(ident);
    entry.user = stated(text);
    return true;
}

class CommonLogReader final : public LineReader {
public:
    explicit CommonLogReader(const CommonLogOptions& options)
        : options_(options), usual_(options.has_host) {}

    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (!options_.is_ftp && usual_.read(line, entry)) return LineResult::traffic();
        entry = {};
        return read_any(line, entry);
    }

private:
    LineResult read_any(std::string_view line, Entry& entry) {
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        line = without_end(line);
        if (line.empty()) return LineResult::other();
        const std::size_t quote = request_quote(line);
        if (quote == std::string_view::npos) return LineResult::bad(BadReason::shape);
        std::size_t bracket = usual_bracket(line, quote);
        if (!read_time(line, bracket, quote, entry.time)) {
            bracket = line.rfind('[', quote);
            if (bracket == std::string_view::npos || bracket == 0 || line[bracket - 1] != ' ')
                return LineResult::bad(BadReason::shape);
            if (!read_time(line, bracket, quote, entry.time))
                return LineResult::bad(BadReason::time);
        }
        if (!read_ends(line.substr(0, bracket - 1), entry))
            return LineResult::bad(BadReason::shape);
        return read_answer(line.substr(quote + 1), entry);
    }

    // The offset of the bracket before a time of 26 characters that ends before the quote; npos:
    // there is none. A time that can be read has no bracket within, so that this is the last one.
    static std::size_t usual_bracket(std::string_view line, std::size_t quote) noexcept {
        constexpr std::size_t behind = std::string_view("29/May/2017:19:02:48 +0000] \"").size();
        if (quote <= behind) return std::string_view::npos;
        const std::size_t bracket = quote - behind;
        return line[bracket] == '[' && line[bracket - 1] == ' ' ? bracket : std::string_view::npos;
    }

    bool read_time(std::string_view line, std::size_t bracket, std::size_t quote, LineTime& time) {
        if (bracket == std::string_view::npos) return false;
        std::string_view text = line.substr(bracket + 1, quote - 2 - bracket - 1);
        return clock_.read(text, time) && text.empty();
    }

    // The offset of the quote in the first `] "`.
    static std::size_t request_quote(std::string_view line) noexcept {
        std::size_t quote = find_char(line, '"');
        while (quote != std::string_view::npos) {
            if (quote > 1 && line[quote - 1] == ' ' && line[quote - 2] == ']') break;
            quote = find_char(line, '"', quote + 1);
        }
        return quote;
    }

    [[nodiscard]] bool read_ends(std::string_view text, Entry& entry) const {
        entry.service = "http";
        if (options_.has_host) {
            const std::string_view host = next_field(text, ' ');
            entry.domain = stated(without_port(host));
            if (host.empty()) return false;
            if (entry.domain.size() + 1 < host.size())
                entry.server.port = parse_port(host.substr(entry.domain.size() + 1));
        }
        return read_client(text, entry);
    }

    // The offset of the quote behind the request. Some servers write the quotes of a request as
    // they are: the first one with a blank and a status behind it is the end.
    static std::size_t end_of_request(std::string_view rest) noexcept {
        const auto has_status = [&](std::size_t quote) {
            return quote + 2 < rest.size() && rest[quote + 1] == ' ' &&
                   (is_digit(rest[quote + 2]) || rest[quote + 2] == '-');
        };
        const std::size_t first = closing_quote(rest);
        for (std::size_t end = first; end != std::string_view::npos;
             end = closing_quote(rest, '"', end + 1))
            if (has_status(end)) return end;
        return first;
    }

    // Behind the first quote of the request.
    [[nodiscard]] LineResult read_answer(std::string_view rest, Entry& entry) const {
        const std::size_t end = end_of_request(rest);
        if (end == std::string_view::npos) return LineResult::bad(BadReason::shape);
        const std::string_view request = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (!skip_text(rest, " ")) return LineResult::bad(BadReason::shape);
        const std::string_view status = next_field(rest, ' ');
        std::uint64_t code = 0;
        const bool is_number = status.size() <= 3 && parse_short_number(status, code);
        if (!is_number && status != "-") return LineResult::bad(BadReason::number);
        entry.status = stated(status);
        entry.user_unverified = code == 401 || code == 407;
        const BadReason reason = parse_count_or_dash(next_field(rest, ' '), entry.out);
        if (reason != BadReason::none) return LineResult::bad(reason);
        if (options_.is_ftp) set_direction(request, entry);
        return LineResult::traffic();
    }

    static void set_direction(std::string_view request, Entry& entry) {
        entry.service = "ftp";
        const std::string_view command = request.substr(0, request.find(' '));
        if (command != "PUT" && command != "STOR" && command != "APPE" && command != "STOU") return;
        entry.in = entry.out;
        entry.out = {};
    }

    CommonLogOptions options_;
    UsualLine usual_;
    ClfClock clock_;
};

}  // namespace

std::unique_ptr<LineReader> open_common_log(const CommonLogOptions& options) {
    return std::make_unique<CommonLogReader>(options);
}

}  // namespace octroi::logline
