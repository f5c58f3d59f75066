// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace octroi {
namespace {

// Bounds the table below, which is quadratic. A longer text is no mistyped name.
constexpr std::size_t length_max = 64;

char folded(char c) {
    return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    if (a.size() > length_max || b.size() > length_max) return std::max(a.size(), b.size());
    // distance[i][j]: from the first i letters of a to the first j of b.
    std::vector distance(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                distance[i][j] = i + j;
                continue;
            }
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            distance[i][j] = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1,
                                       distance[i - 1][j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1])) {
                distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
            }
        }
    }
    return distance[a.size()][b.size()];
}

std::string suggestion(std::string_view wrong, std::span<const std::string_view> known) {
    if (known.empty()) return "";
    const auto distance = [&](std::string_view name) { return edit_distance(wrong, name); };
    const std::string_view nearest = *std::ranges::min_element(known, {}, distance);
    // A third of the letters may be wrong. With more, a guess misleads.
    if (distance(nearest) * 3 <= std::max(wrong.size(), nearest.size())) {
        return fmt::format("; did you mean {}?", nearest);
    }
    return fmt::format("; known are: {}", fmt::join(known, ", "));
}

}  // namespace octroi
