// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/text.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "view/width_table.hpp"

namespace octroi {
namespace {

constexpr char32_t replacement = 0xFFFD;

bool in_ranges(std::span<const CodePointRange> ranges, char32_t code_point) noexcept {
    const auto at = std::ranges::lower_bound(ranges, code_point, {}, &CodePointRange::last);
    return at != ranges.end() && at->first <= code_point;
}

bool is_control(char32_t c) noexcept { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

// They turn the order of what follows: a name could pretend to be another one (UAX #9).
bool turns_direction(char32_t c) noexcept {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
           c == 0x200F || c == 0x061C;
}

// Line and paragraph separators break a row on some terminals.
bool harmful(char32_t c) noexcept {
    return is_control(c) || turns_direction(c) || c == 0x2028 || c == 0x2029;
}

// The well-formed second octets after each lead octet (Unicode Standard, table 3-7).
struct Lead {
    int more = 0;  // octets that follow
    unsigned low = 0x80;
    unsigned high = 0xBF;
};

Lead lead_of(unsigned octet) noexcept {
    if (octet >= 0xC2 && octet <= 0xDF) return {1};
    if (octet == 0xE0) return {2, 0xA0, 0xBF};
    if (octet == 0xED) return {2, 0x80, 0x9F};
    if (octet >= 0xE1 && octet <= 0xEF) return {2};
    if (octet == 0xF0) return {3, 0x90, 0xBF};
    if (octet == 0xF4) return {3, 0x80, 0x8F};
    if (octet >= 0xF1 && octet <= 0xF3) return {3};
    return {};
}

}  // namespace

char32_t take_code_point(std::string_view& rest, bool& valid) noexcept {
    const unsigned first = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    valid = true;
    if (first < 0x80) return first;
    Lead lead = lead_of(first);
    valid = lead.more > 0;
    if (!valid) return replacement;
    char32_t code_point = first & (0x3FU >> static_cast<unsigned>(lead.more));
    for (int i = 0; i < lead.more; ++i) {
        const unsigned octet = rest.empty() ? 0U : static_cast<unsigned char>(rest.front());
        valid = octet >= lead.low && octet <= lead.high;
        if (!valid) return replacement;
        code_point = (code_point << 6U) | (octet & 0x3FU);
        rest.remove_prefix(1);
        lead.low = 0x80;
        lead.high = 0xBF;
    }
    return code_point;
}

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&](unsigned octet) { out.push_back(static_cast<char>(octet)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6U));
        put(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xF0U | (c >> 18U));
        put(0x80U | ((c >> 12U) & 0x3FU));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
}

int code_point_width(char32_t c) noexcept {
    if (c >= 0x20 && c < 0x7F) return 1;
    if (is_control(c)) return 0;
    if (in_ranges(zero_width_ranges, c)) return 0;
    return in_ranges(wide_ranges, c) ? 2 : 1;
}

int text_width(std::string_view text) noexcept {
    int width = 0;
    bool valid = true;
    while (!text.empty()) width += code_point_width(take_code_point(text, valid));
    return width;
}

std::string show(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool valid = true;
    while (!text.empty()) {
        const char32_t c = take_code_point(text, valid);
        append_utf8(out, harmful(c) ? replacement : c);
    }
    return out;
}

std::string cut(std::string_view text, int width, std::string_view ellipsis) {
    if (text_width(text) <= width) return std::string(text);
    const int room = width - text_width(ellipsis);
    if (room < 0) return std::string(static_cast<std::size_t>(std::max(width, 0)), ' ');
    std::string_view rest = text;
    int used = 0;
    bool valid = true;
    std::size_t end = 0;
    while (!rest.empty()) {
        used += code_point_width(take_code_point(rest, valid));
        if (used > room) break;
        end = text.size() - rest.size();
    }
    return std::string(text.substr(0, end)).append(ellipsis);
}

std::string fit(std::string_view text, int width, Align align, std::string_view ellipsis) {
    std::string shown = cut(text, width, ellipsis);
    const int missing = width - text_width(shown);
    const std::string space(static_cast<std::size_t>(std::max(missing, 0)), ' ');
    return align == Align::left ? shown + space : space + shown;
}

std::string wrapped(std::string_view text, int width) {
    std::string out;
    int used = 0;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, std::min(text.find(' '), text.size()));
        const int columns = text_width(word);
        if (used > 0 && width > 0 && used + 1 + columns > width) {
            out.push_back('\n');
            used = 0;
        } else if (!out.empty()) {
            out.push_back(' ');
            ++used;
        }
        out += word;
        used += columns;
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return out;
}

}  // namespace octroi
