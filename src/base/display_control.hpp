// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace octroi {

// Whether the character controls how text is displayed, and is not displayed itself. In a name from
// outside such a character could clear the terminal, begin a line, or make the name look like
// another one. These are the control characters (some terminals obey U+0080 to U+009F like ESC),
// the separators of lines and paragraphs, and the bidirectional controls (UAX #9, section 2).
[[nodiscard]] constexpr bool is_display_control(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace octroi
