// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/interface_pattern.hpp"

#include <cstddef>

namespace octroi {
namespace {

// Time: at most the product of both lengths.
bool matches(std::string_view pattern, std::string_view name) {
    std::size_t at = 0;
    std::size_t in_name = 0;
    std::size_t star = std::string_view::npos;  // the last one, and what it may still take
    std::size_t after_star = 0;
    while (in_name < name.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            after_star = in_name;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == name[in_name])) {
            ++at;
            ++in_name;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            in_name = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace

bool is_interface_pattern(std::string_view name) {
    return name.find_first_of("*?") != std::string_view::npos;
}

bool may_mean_one_interface(std::string_view a, std::string_view b) {
    if (is_interface_pattern(a) && is_interface_pattern(b)) return true;
    return a == b || matches(a, b) || matches(b, a);
}

}  // namespace octroi
