// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace octroi {

// The number of letters that must be added, removed, replaced or swapped with their neighbour to
// make one text from the other. Upper and lower case count as the same letter, and so do '-' and
// '_'.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// A text to append to "unknown option x": "; did you mean ring_size?", or "; known are: a, b, c"
// where no name is near enough. Empty where nothing is known.
[[nodiscard]] std::string suggestion(std::string_view wrong,
                                     std::span<const std::string_view> known);

}  // namespace octroi
