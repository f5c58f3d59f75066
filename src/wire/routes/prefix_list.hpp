// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Prefix lists: text with one prefix in each line.
//
//     # a comment; ';' begins one too
//     203.0.113.0/24   mirror          prefix and label (a class)
//     198.51.100.0/24, 7575            prefix and origin AS; "AS7575" is the same
//     192.0.2.0/24     {64500,64501}   an AS_SET
//     2001:db8::/32                    only a prefix: the caller assigns the class
//
// White space, commas or both separate columns. An address without a length is a prefix of full
// length.

#include <optional>
#include <string>
#include <string_view>

#include "wire/routes/route.hpp"

namespace octroi {

// Octets. A longer line is an error and is skipped up to its end.
inline constexpr std::size_t prefix_line_max = 4096;
inline constexpr std::size_t label_octets_max = 64;

// Reads one line, without its line end, and appends its route, if there is one. Returns an error
// text for people; nullopt: the line is valid. A line with an error appends nothing.
[[nodiscard]] std::optional<std::string> parse_prefix_line(std::string_view line, RouteBatch& out);

}  // namespace octroi
