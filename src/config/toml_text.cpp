// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/toml_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace octroi {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// What toml++ must not see: where it stands, and why.
struct Refusal {
    std::size_t offset = 0;
    std::string_view why;
};

// Finds two things that toml++ 3.3 cannot stand. Characters outside ASCII where TOML allows none:
// outside of texts and comments, and behind a backslash in a text. It tests there whether the
// character is white space, and for most of them that test is undefined behaviour (a switch without
// a case for them). And keys of too many parts.
class Precheck {
public:
    explicit Precheck(std::string_view text) : text_(text) {}

    // The first one.
    std::optional<Refusal> find() {
        constexpr std::string_view foreign =
            "characters outside ASCII stand in quotes and comments only";
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (!is_ascii(c)) return Refusal{at_, foreign};
            if (count_dots(c) >= toml_key_parts_max)
                return Refusal{at_, "a key has more parts than any option has"};
            if (c == '#') {
                skip_line();
            } else if ((c == '"' || c == '\'') && quote_may_open_) {
                if (const auto found = skip_quoted(c)) return Refusal{*found, foreign};
            } else {
                skip_plain(c);
            }
        }
        return std::nullopt;
    }

private:
    // Dots since the last place where a key can begin.
    std::size_t count_dots(char c) {
        if (c == '.')
            ++dots_;
        else if (std::string_view("\n=[{,").find(c) != std::string_view::npos)
            dots_ = 0;
        return dots_;
    }

    // A quote opens a text only where a key or a value begins. Elsewhere it is an error. toml++
    // reports that error, but only after it has tested the characters that follow.
    void skip_plain(char c) {
        if (c != ' ' && c != '\t' && c != '\r') {
            quote_may_open_ = std::string_view("\n=[{,.").find(c) != std::string_view::npos;
        }
        ++at_;
    }

    void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

    std::optional<std::size_t> skip_quoted(char quote) {
        std::string_view end = quote == '"' ? "\"\"\"" : "'''";
        const bool several_lines = text_.substr(at_).starts_with(end);
        if (!several_lines) end.remove_prefix(2);
        at_ += end.size();
        quote_may_open_ = false;
        while (at_ < text_.size() && !text_.substr(at_).starts_with(end)) {
            if (text_[at_] == '\n' && !several_lines) return std::nullopt;  // toml++ refuses it
            if (text_[at_] == '\\' && quote == '"') {
                if (const auto found = skip_escape()) return found;
            } else {
                ++at_;
            }
        }
        at_ = std::min(at_ + end.size(), text_.size());
        return std::nullopt;
    }

    // Skips a backslash and one character; at the end of a line, all white space that follows.
    std::optional<std::size_t> skip_escape() {
        const std::size_t next =
            std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
        if (next < text_.size() && !is_ascii(text_[next])) return next;
        at_ = next == at_ + 1 ? next + 1 : next;
        return std::nullopt;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t dots_ = 0;
    bool quote_may_open_ = true;
};

// Line and column of an offset, from 1; a column is an octet.
SourceLine source_line(std::string_view text, std::size_t offset, std::string_view file) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t lines = static_cast<std::size_t>(std::ranges::count(before, '\n'));
    const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
    return {std::string(file), static_cast<std::uint32_t>(lines + 1),
            static_cast<std::uint32_t>(offset - start + 1)};
}

}  // namespace

Result<toml::table> parse_toml(std::string_view text, std::string_view file) {
    if (text.size() > toml_text_max) {
        return fail(ErrorCode::over_limit,
                    fmt::format("{}: a file of this kind has at most {} octets, this has {}", file,
                                toml_text_max, text.size()));
    }
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (const auto refusal = Precheck(text).find())
        return fail(ErrorCode::invalid,
                    fmt::format("{}: not TOML: {}",
                                to_string(source_line(text, refusal->offset, file)), refusal->why));
    toml::parse_result parsed = toml::parse(text, file);
    if (!parsed) {
        return fail(
            ErrorCode::invalid,
            fmt::format("{}: not TOML: {}", to_string(source_line(parsed.error().source(), file)),
                        parsed.error().description()));
    }
    return std::move(parsed).table();
}

SourceLine source_line(const toml::source_region& region, std::string_view file) {
    return {std::string(file), region.begin.line, region.begin.column};
}

}  // namespace octroi
