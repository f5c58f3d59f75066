// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace octroi {

// How many letters must be added, taken out, replaced or swapped with their neighbour to get from
// one to the other. Upper and lower case, and '-' and '_', count as the same letter.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// "; did you mean ring_size?", or, when nothing is near enough to be meant, "; known are: a, b, c".
// Empty when nothing is known. To be put behind "unknown option x".
[[nodiscard]] std::string suggestion(std::string_view wrong,
                                     std::span<const std::string_view> known);

}  // namespace octroi
