// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Text as a terminal shows it: columns taken, cutting, padding, and making foreign text harmless.
// Names come from the wire and from users: they may hold anything, escape sequences too.

#include <cstddef>
#include <string>
#include <string_view>

namespace octroi {

// One code point taken from the front of `rest`. What is not UTF-8 (RFC 3629: overlong forms,
// surrogates, cut sequences) gives U+FFFD and takes as many octets as the Unicode Standard's
// "maximal subpart" practice says (section 3.9). `rest` must not be empty.
[[nodiscard]] char32_t take_code_point(std::string_view& rest, bool& valid) noexcept;
void append_utf8(std::string& out, char32_t code_point);

// How many terminal columns a code point takes: 0, 1 or 2 (UAX #11, East Asian Width; marks and
// format characters are 0). Control characters count as 0: show() removes them first.
[[nodiscard]] int code_point_width(char32_t code_point) noexcept;
[[nodiscard]] int text_width(std::string_view text) noexcept;

// Text fit for a terminal: control characters, bidirectional overrides and what is not UTF-8 become
// U+FFFD. No octet of the result can move the cursor or colour the screen.
[[nodiscard]] std::string show(std::string_view text);

enum class Align { left, right };

// Cut to `width` columns; a cut text ends in `ellipsis`. Expects text that show() has passed.
[[nodiscard]] std::string cut(std::string_view text, int width, std::string_view ellipsis = "…");
// Cut and padded with spaces to exactly `width` columns.
[[nodiscard]] std::string fit(std::string_view text, int width, Align align = Align::left,
                              std::string_view ellipsis = "…");

// Line ends at spaces, so that no line is wider than `width`, but for words that are. width below
// 1: as it is.
[[nodiscard]] std::string wrapped(std::string_view text, int width);

}  // namespace octroi
