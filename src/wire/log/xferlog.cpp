// SPDX-License-Identifier: GPL-3.0-or-later
#include <optional>

#include "wire/log/fields.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

// What stands behind the file name: "b _ o a name ftp 0 * c".
struct TransferEnd {
    char direction = 'o';  // o: to the client, i: from it, d: deleted
    char access = 'r';     // a: anonymous, g: guest, r: a real user
    std::string_view user;
};

// "b _ o a", the last four words of a text that also has the file name before them.
std::optional<TransferEnd> read_marks(std::string_view text) {
    const std::string_view access = last_field(text, ' ');
    const std::string_view direction = last_field(text, ' ');
    const std::string_view action = last_field(text, ' ');
    const std::string_view type = last_field(text, ' ');
    const auto is_one_of = [](std::string_view word, std::string_view letters) {
        return word.size() == 1 && letters.find(word.front()) != std::string_view::npos;
    };
    if (!is_one_of(access, "agr") || !is_one_of(direction, "oid") || !is_one_of(type, "ab") ||
        action.empty() || action.find_first_not_of("CUT_") != std::string_view::npos ||
        text.empty())
        return std::nullopt;
    return TransferEnd{direction.front(), access.front(), {}};
}

// A user name has this many words at most; real ones have one.
constexpr int user_words_max = 64;

struct TransferEnds {
    std::optional<TransferEnd> nearest;  // the one with the shortest user name
    bool is_ambiguous = false;
    bool directions_differ = false;
};

// text: from the file name to the user name. All ways to divide it are tried: only one that nobody
// could have made by choosing a name is certain.
TransferEnds find_ends(std::string_view text) {
    TransferEnds ends;
    std::size_t user_at = text.size();
    for (int words = 0; words < user_words_max && user_at > 0; ++words) {
        const std::size_t blank = text.rfind(' ', user_at - 1);
        if (blank == std::string_view::npos || blank == 0) break;
        if (auto end = read_marks(text.substr(0, blank))) {
            end->user = text.substr(blank + 1);
            if (!ends.nearest) {
                ends.nearest = end;
            } else {
                ends.is_ambiguous = true;
                ends.directions_differ |= ends.nearest->direction != end->direction;
            }
        }
        user_at = blank;
    }
    return ends;
}

// "ftp 0 * c" at the end: service, authentication method and name, completion. Old servers write
// no completion.
bool read_tail(std::string_view& rest, Entry& entry) {
    std::string_view completion = last_field(rest, ' ');
    std::string_view name = completion;
    if (completion == "c" || completion == "i") {
        name = last_field(rest, ' ');
        entry.status = completion == "c" ? "complete" : "incomplete";
    }
    const std::string_view method = last_field(rest, ' ');
    entry.service = last_field(rest, ' ');
    entry.ident = name == "*" ? std::string_view() : name;
    return (method == "0" || method == "1") && !entry.service.empty() && !rest.empty();
}

LineResult set_transfer(const TransferEnds& ends, const Count& octets, Entry& entry) {
    if (!ends.nearest) return LineResult::bad(BadReason::shape);
    const TransferEnd& end = *ends.nearest;
    if (ends.directions_differ) {
        entry.both = octets;
    } else if (end.direction == 'd') {
        return LineResult::other();
    } else {
        (end.direction == 'i' ? entry.in : entry.out) = octets;
    }
    entry.user_ambiguous = ends.is_ambiguous;
    if (ends.is_ambiguous) return LineResult::traffic();
    entry.user = stated(end.user);
    entry.user_unverified = end.access == 'a';
    return LineResult::traffic();
}

// The time, also behind a header of syslog.
bool read_begin(std::string_view& rest, LineTime& time) {
    if (read_asctime(rest, time)) return true;
    SyslogHeader header;
    if (!read_syslog_header(rest, header)) return false;
    rest = header.message;
    return read_asctime(rest, time);
}

class XferlogReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty()) return LineResult::other();
        if (!read_begin(rest, entry.time)) return LineResult::bad(BadReason::time);
        if (!skip_text(rest, " ")) return LineResult::bad(BadReason::shape);
        const std::string_view seconds = next_word(rest);
        entry.has_duration = parse_seconds(seconds, entry.duration_ns);
        if (!entry.has_duration) return LineResult::bad(BadReason::number);
        entry.client = make_end(next_word(rest));
        Count octets;
        const BadReason reason = parse_count(next_word(rest), octets);
        if (reason != BadReason::none) return LineResult::bad(reason);
        if (!read_tail(rest, entry)) return LineResult::bad(BadReason::shape);
        return set_transfer(find_ends(rest), octets, entry);
    }
};

}  // namespace

std::unique_ptr<LineReader> open_xferlog() { return std::make_unique<XferlogReader>(); }

}  // namespace octroi::logline
