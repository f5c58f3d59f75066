// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the fields of a line from its beginning or its end. Views into the line; nothing allocates.

#include <charconv>
#include <cstdint>
#include <string_view>

#include "wire/log/entry.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Without a carriage return and blanks at the end.
[[nodiscard]] inline std::string_view without_end(std::string_view line) noexcept {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
        line.remove_suffix(1);
    return line;
}

[[nodiscard]] inline bool skip_text(std::string_view& rest, std::string_view text) noexcept {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
}

inline void skip_blanks(std::string_view& rest) noexcept {
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

// The text up to the separator, which is removed too; all, if there is none.
[[nodiscard]] inline std::string_view next_field(std::string_view& rest, char separator) noexcept {
    const std::size_t end = rest.find(separator);
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return field;
}

// The next word; blanks before it are skipped. Empty: there is none.
[[nodiscard]] inline std::string_view next_word(std::string_view& rest) noexcept {
    skip_blanks(rest);
    return next_field(rest, ' ');
}

// The last word, and the separator before it is removed; all, if there is none.
[[nodiscard]] inline std::string_view last_field(std::string_view& rest, char separator) noexcept {
    const std::size_t at = rest.rfind(separator);
    const std::string_view field = at == std::string_view::npos ? rest : rest.substr(at + 1);
    rest.remove_suffix(at == std::string_view::npos ? rest.size() : rest.size() - at);
    return field;
}

// The end of a quoted text: the offset of the first quote with an even number of backslashes
// before it, so that `\"` is part of the text and `\\"` ends it. npos: there is none.
[[nodiscard]] inline std::size_t closing_quote(std::string_view text, char quote = '"') noexcept {
    std::size_t at = text.find(quote);
    while (at != std::string_view::npos) {
        std::size_t backslashes = 0;
        while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
        if (backslashes % 2 == 0) return at;
        at = text.find(quote, at + 1);
    }
    return at;
}

// "-" and empty texts are not stated.
[[nodiscard]] inline std::string_view stated(std::string_view text) noexcept {
    return text == "-" ? std::string_view() : text;
}

// A decimal number that is the whole text.
[[nodiscard]] inline bool parse_number(std::string_view text, std::uint64_t& value) noexcept {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && !text.empty();
}

// A volume or count that is the whole text. Returns none, number or over_limit.
[[nodiscard]] inline BadReason parse_count(std::string_view text, Count& count) noexcept {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (stop != end || text.empty() || error == std::errc::invalid_argument)
        return BadReason::number;
    if (error == std::errc::result_out_of_range || value > volume_max) return BadReason::over_limit;
    count = {value, true};
    return BadReason::none;
}

// The same, where "-" is a stated 0: what Apache writes for no octets.
[[nodiscard]] inline BadReason parse_count_or_dash(std::string_view text, Count& count) noexcept {
    if (text != "-") return parse_count(text, count);
    count = {0, true};
    return BadReason::none;
}

// Seconds with a fraction ("0.123", "12") as nanoseconds, below a million hours. False: no number.
[[nodiscard]] bool parse_seconds(std::string_view text, std::int64_t& ns) noexcept;

// The text, and the address if it is one: "192.0.2.1", "2001:db8::1", "[2001:db8::1]".
[[nodiscard]] End make_end(std::string_view text) noexcept;
// The same with a port behind it: "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1.80" is none.
[[nodiscard]] End make_end_with_port(std::string_view text) noexcept;
// A port number; 0: it is none.
[[nodiscard]] std::uint16_t parse_port(std::string_view text) noexcept;

// A host name without its port: "example.com:80", "[::1]:80".
[[nodiscard]] std::string_view without_port(std::string_view host) noexcept;
// The part behind the last '@'; empty: there is none.
[[nodiscard]] std::string_view domain_of(std::string_view mail_address) noexcept;

// `both` counts only if one direction is not stated; with the other one, it gives it. False: one
// direction has more octets than both.
[[nodiscard]] bool set_both(Entry& entry) noexcept;

}  // namespace octroi::logline
