// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The exact text of a cell, appended to a buffer without an allocation where the value has a fixed
// form. For machines: no units, no separators, no rounding.

#include <fmt/format.h>

#include "record/report.hpp"

namespace octroi {

using TextBuffer = fmt::basic_memory_buffer<char, 4096>;

inline void append(TextBuffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

// A JSON string with its quotes (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD, so that
// the document is valid whatever a name on the wire holds.
void append_json_string(TextBuffer& out, std::string_view text);
// RFC 4180: quoted where there is a comma, a quote, CR or LF, or a space at either end. Not UTF-8:
// U+FFFD.
void append_csv_field(TextBuffer& out, std::string_view text);

// "2026-11-21T13:00:00.123456Z": the moment's digits, cut and not rounded; always 4-digit years, as
// UtcTime holds 1677 to 2262.
void append_rfc3339(TextBuffer& out, const Moment& moment);
void append_address(TextBuffer& out, const Address& address);

// The JSON value of a cell. Must not be absent. Infinite and NaN doubles are null (JSON has
// neither).
void append_json(TextBuffer& out, const Cell& cell);
void append_csv(TextBuffer& out, const Cell& cell);

[[nodiscard]] inline bool is_absent(const Cell& cell) noexcept { return cell.index() == 0; }

}  // namespace octroi
