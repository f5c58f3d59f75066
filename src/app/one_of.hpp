// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

namespace octroi {

// Accepts one of the words. Unlike CLI::IsMember it leaves the option's line in --help alone: there
// the type name shows the words already.
[[nodiscard]] inline CLI::Validator one_of(std::vector<std::string> words) {
    return CLI::Validator(
        [words = std::move(words)](const std::string& given) {
            if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
            return fmt::format("{} is none of {}", given, fmt::join(words, ", "));
        },
        "");
}

}  // namespace octroi
