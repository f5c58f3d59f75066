// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Exact text of cells for machines: no units, no separators, no rounding. The text is appended to a
// buffer; numbers, times and addresses need no allocation.

#include <fmt/format.h>

#include "record/report.hpp"

namespace octroi {

using TextBuffer = fmt::basic_memory_buffer<char, 4096>;

inline void append(TextBuffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

// A JSON string with its quotes (RFC 8259, section 7). Octets that are not UTF-8 become U+FFFD, so
// the document is valid for every name from the wire.
void append_json_string(TextBuffer& out, std::string_view text);
// Texts in CSV: names come from the wire and from users.
enum class CsvTexts {
    // Control characters but line ends and tabs become U+FFFD, because terminals obey them. A text
    // that a spreadsheet would run as a formula ("=cmd|…", "@SUM(…") begins with an apostrophe.
    neutral,
    raw,
};
// RFC 4180: quoted if the text contains a comma, a quote, CR or LF, or begins or ends with a space.
// Octets that are not UTF-8 become U+FFFD.
void append_csv_field(TextBuffer& out, std::string_view text, CsvTexts texts = CsvTexts::neutral);

// "2026-11-21T13:00:00.123456Z" with as many digits as the moment has, truncated and not rounded.
// The year has always 4 digits: UtcTime covers 1677 to 2262.
void append_rfc3339(TextBuffer& out, const Moment& moment);
void append_address(TextBuffer& out, const Address& address);

// The JSON value of a cell, which must not be absent. JSON has neither infinity nor NaN: such
// doubles become null.
void append_json(TextBuffer& out, const Cell& cell);
void append_csv(TextBuffer& out, const Cell& cell, CsvTexts texts = CsvTexts::neutral);

[[nodiscard]] inline bool is_absent(const Cell& cell) noexcept { return cell.index() == 0; }

}  // namespace octroi
