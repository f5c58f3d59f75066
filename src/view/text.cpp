// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/display_control.hpp"

namespace octroi {
namespace {

constexpr CodePoint replacement{0xFFFD, "\xEF\xBF\xBD"};
constexpr std::size_t longest_sequence = 4;  // octets of one code point (RFC 3629)

struct Decoded {
    utf8proc_int32_t value = 0;
    std::size_t octets = 0;  // 0: not UTF-8
};

Decoded decode(std::string_view text) noexcept {
    Decoded decoded;
    // The library reads octets of any character type; it only names them differently.
    std::array<utf8proc_uint8_t, longest_sequence> octets{};
    const std::size_t size = std::min(text.size(), octets.size());
    std::copy_n(text.begin(), size, octets.begin());
    const utf8proc_ssize_t used =
        utf8proc_iterate(octets.data(), static_cast<utf8proc_ssize_t>(size), &decoded.value);
    decoded.octets = used > 0 ? static_cast<std::size_t>(used) : 0;
    return decoded;
}

// Octets at the front that are the begin of a valid sequence, at least 1. The library reports only
// that a sequence is wrong. Every valid begin of two or three octets can be completed with 0x80.
std::size_t maximal_subpart(std::string_view text) noexcept {
    std::size_t length = 1;
    for (std::size_t n = 2; n < longest_sequence && n <= text.size(); ++n) {
        std::array<char, longest_sequence> completed{};
        completed.fill('\x80');
        std::copy_n(text.begin(), n, completed.begin());
        if (decode({completed.data(), completed.size()}).octets <= n) break;
        length = n;
    }
    return length;
}

// utf8proc gives spacing marks (Devanagari vowel signs) no column and each conjoining Hangul vowel
// and final one. wcwidth(3), which terminals follow, does the opposite for both.
int code_point_width(char32_t c) noexcept {
    if (c >= 0x20 && c < 0x7F) return 1;
    const auto code_point = static_cast<utf8proc_int32_t>(c);
    const auto boundary = utf8proc_get_property(code_point)->boundclass;
    if (boundary == UTF8PROC_BOUNDCLASS_V || boundary == UTF8PROC_BOUNDCLASS_T) return 0;
    if (utf8proc_category(code_point) == UTF8PROC_CATEGORY_MC) return 1;
    return utf8proc_charwidth(code_point);
}

}  // namespace

CodePoint decode_code_point(std::string_view& rest) noexcept {
    const std::string_view text = rest;
    if (const auto first = static_cast<unsigned char>(text.front()); first < 0x80) {
        rest.remove_prefix(1);
        return {first, text.substr(0, 1)};
    }
    const Decoded decoded = decode(text);
    if (decoded.octets == 0) {
        rest.remove_prefix(maximal_subpart(text));
        return replacement;
    }
    rest.remove_prefix(decoded.octets);
    return {static_cast<char32_t>(decoded.value), text.substr(0, decoded.octets)};
}

int text_width(std::string_view text) noexcept {
    int width = 0;
    while (!text.empty()) width += code_point_width(decode_code_point(text).value);
    return width;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint c = decode_code_point(text);
        out += is_display_control(c.value) ? replacement.octets : c.octets;
    }
    return out;
}

std::string cut(std::string_view text, int width, std::string_view ellipsis) {
    if (text_width(text) <= width) return std::string(text);
    const int available = width - text_width(ellipsis);
    if (available < 0) return std::string(static_cast<std::size_t>(std::max(width, 0)), ' ');
    std::string_view rest = text;
    std::size_t cluster = 0;  // where the grapheme cluster of the code point begins
    utf8proc_int32_t state = 0;
    utf8proc_int32_t previous = 0;
    for (int used = 0; !rest.empty();) {
        const std::size_t begin = text.size() - rest.size();
        const char32_t c = decode_code_point(rest).value;
        const auto code_point = static_cast<utf8proc_int32_t>(c);
        if (begin > 0 && utf8proc_grapheme_break_stateful(previous, code_point, &state)) {
            cluster = begin;
        }
        previous = code_point;
        used += code_point_width(c);
        if (used > available) break;
    }
    return std::string(text.substr(0, cluster)).append(ellipsis);
}

std::string fit(std::string_view text, int width, Align align, std::string_view ellipsis) {
    const std::string content = cut(text, width, ellipsis);
    const int missing = width - text_width(content);
    const std::string space(static_cast<std::size_t>(std::max(missing, 0)), ' ');
    return align == Align::left ? content + space : space + content;
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
