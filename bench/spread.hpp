// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

namespace octroi::bench {

// Of the rounds of a measurement. The vectors are not empty.
inline double median(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
inline double least(const std::vector<double>& values) { return *std::ranges::min_element(values); }
inline double most(const std::vector<double>& values) { return *std::ranges::max_element(values); }

}  // namespace octroi::bench
