// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the fields of a line from its beginning or its end. Views into the line; nothing allocates.

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "wire/log/entry.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The offset of the first such character from `from` on; npos: there is none. Unlike find() of a
// text, which g++ 12 does not inline, it costs no more than memchr(3).
[[nodiscard]] inline std::size_t find_char(std::string_view text, char c,
                                           std::size_t from = 0) noexcept {
    if (from >= text.size()) return std::string_view::npos;
    const void* const found = std::memchr(text.data() + from, c, text.size() - from);
    return found == nullptr
               ? std::string_view::npos
               : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// The same for fields that are mostly short: eight octets at a time, without a call. An octet is
// the character where the exclusive or with eight of them is 0; the lowest one is found for certain
// (H. S. Warren, Hacker's Delight, 6-1).
[[nodiscard]] inline std::size_t find_near_char(std::string_view text, char c) noexcept {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::size_t word_octets = sizeof(std::uint64_t);
    constexpr std::size_t near_octets = 4 * word_octets;
    const std::uint64_t wanted = ones * static_cast<unsigned char>(c);
    std::size_t at = 0;
    for (; at + word_octets <= text.size() && at < near_octets; at += word_octets) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, word_octets);
        word ^= wanted;
        const std::uint64_t zeros = (word - ones) & ~word & (ones << 7U);
        if (zeros != 0) return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
    }
    return find_char(text, c, at);
}

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
    const std::size_t end = find_near_char(rest, separator);
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

// The end of a quoted text: the offset of the first quote from `from` on with an even number of
// backslashes before it, so that `\"` is part of the text and `\\"` ends it. npos: there is none.
[[nodiscard]] inline std::size_t closing_quote(std::string_view text, char quote = '"',
                                               std::size_t from = 0) noexcept {
    std::size_t at = find_char(text, quote, from);
    while (at != std::string_view::npos) {
        std::size_t backslashes = 0;
        while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
        if (backslashes % 2 == 0) return at;
        at = find_char(text, quote, at + 1);
    }
    return at;
}

// "-" and empty texts are not stated.
[[nodiscard]] inline std::string_view stated(std::string_view text) noexcept {
    return text.size() == 1 && text.front() == '-' ? std::string_view() : text;
}

// A decimal number that is the whole text.
[[nodiscard]] inline bool parse_number(std::string_view text, std::uint64_t& value) noexcept {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && !text.empty();
}

// The number of a text that has only digits, and at most 18 of them. False: it has not.
[[nodiscard]] inline bool parse_short_number(std::string_view text, std::uint64_t& value) noexcept {
    constexpr std::size_t digits_max = 18;  // below 2^63
    if (text.empty() || text.size() > digits_max) return false;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (!is_digit(c)) return false;
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    value = number;
    return true;
}

// A volume or count that is the whole text. Returns none, number or over_limit.
[[nodiscard]] inline BadReason parse_count(std::string_view text, Count& count) noexcept {
    if (parse_short_number(text, count.value)) {
        count.stated = true;
        return BadReason::none;
    }
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
    if (text.size() != 1 || text.front() != '-') return parse_count(text, count);
    count = {0, true};
    return BadReason::none;
}

// Seconds with a fraction ("0.123", "12") as nanoseconds, below a million hours. False: no number.
[[nodiscard]] bool parse_seconds(std::string_view text, std::int64_t& ns) noexcept;

// Sets the text of an end, and the address if it is one: "192.0.2.1", "2001:db8::1",
// "[2001:db8::1]", "fe80::1%3" (without the zone). The end must be empty; its port stays.
void read_end(std::string_view text, End& end) noexcept;
[[nodiscard]] inline End make_end(std::string_view text) noexcept {
    End end;
    read_end(text, end);
    return end;
}
// The same with a port behind it: "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1.80" is none.
[[nodiscard]] End make_end_with_port(std::string_view text) noexcept;
// The same where the writer always states a port, also behind an IPv6 address without brackets:
// "2001:db8::1:443" is port 443 of 2001:db8::1. HAProxy and AWS write it so.
[[nodiscard]] End make_end_before_port(std::string_view text) noexcept;
// A port number; 0: it is none.
[[nodiscard]] std::uint16_t parse_port(std::string_view text) noexcept;

// A host name without its port: "example.com:80", "[::1]:80".
[[nodiscard]] std::string_view without_port(std::string_view host) noexcept;
// The part behind the last '@'; empty: there is none.
[[nodiscard]] std::string_view domain_of(std::string_view mail_address) noexcept;

// The entry stands for so many equal ones. Its counts are multiplied. False: a count is above
// volume_max, or there are more than repeats_max; the entry is then undefined.
inline constexpr std::uint64_t repeats_max = 1'000'000;
[[nodiscard]] bool repeat_entry(std::uint64_t times, Entry& entry) noexcept;

// `both` counts only if one direction is not stated; with the other one, it gives it. False: one
// direction has more octets than both.
[[nodiscard]] bool set_both(Entry& entry) noexcept;

}  // namespace octroi::logline
