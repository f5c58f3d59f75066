// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Text on a terminal: its width in columns, cutting, padding, and removing what a terminal would
// obey. Names come from the wire and from users: they may hold any octets, escape sequences too.

#include <string>
#include <string_view>

namespace octroi {

struct CodePoint {
    char32_t value = 0;
    std::string_view octets;  // always valid UTF-8: a part of the text, or a constant
};

// Decodes the first code point of `rest` and removes its octets. Octets that are not UTF-8
// (RFC 3629: overlong forms, surrogates, incomplete sequences) give U+FFFD. How many of them one
// U+FFFD replaces is what the Unicode Standard recommends (section 3.9, "maximal subpart"). `rest`
// must not be empty.
[[nodiscard]] CodePoint decode_code_point(std::string_view& rest) noexcept;

// Columns of a terminal: 0, 1 or 2 for each code point, as wcwidth(3) counts them. Control
// characters count as 0: printable() removes them first.
[[nodiscard]] int text_width(std::string_view text) noexcept;

// The text with U+FFFD in place of control characters, bidirectional controls, line separators and
// octets that are not UTF-8. The result cannot move the cursor, change colours, or reorder text.
[[nodiscard]] std::string printable(std::string_view text);

enum class Align { left, right };

// At most `width` columns of the text; a text that was cut ends in `ellipsis`. Cuts only between
// grapheme clusters (UAX #29), so a letter keeps its accents and an emoji sequence stays whole.
// Expects the result of printable().
[[nodiscard]] std::string cut(std::string_view text, int width, std::string_view ellipsis = "…");
// Cut and padded with spaces to exactly `width` columns.
[[nodiscard]] std::string fit(std::string_view text, int width, Align align = Align::left,
                              std::string_view ellipsis = "…");

// Breaks lines at spaces, so that no line is wider than `width`. A single word may be wider. A
// width below 1 changes nothing.
[[nodiscard]] std::string wrapped(std::string_view text, int width);

}  // namespace octroi
