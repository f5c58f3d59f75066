// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Prefix lists: text, one prefix a line.
//
//     # a comment; so is what follows a ';'
//     203.0.113.0/24   mirror          prefix and class
//     198.51.100.0/24, 7575            prefix and origin AS ("AS7575" too)
//     192.0.2.0/24     {64500,64501}   an AS_SET
//     2001:db8::/32                    a prefix alone: its class is said elsewhere
//
// Columns are parted by any white space, commas, or both. An address alone is a full-length prefix.

#include <optional>
#include <string>
#include <string_view>

#include "wire/routes/route.hpp"

namespace octroi {

// A longer line is an error and is skipped to its end.
inline constexpr std::size_t prefix_line_max = 4096;
inline constexpr std::size_t class_word_max = 64;

// Reads one line (without its line end) and appends its route, if it states one. Returns what is
// wrong with the line, or nothing.
[[nodiscard]] std::optional<std::string> parse_prefix_line(std::string_view line, RouteBatch& out);

}  // namespace octroi
