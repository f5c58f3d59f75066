// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "source.hpp"

namespace octroi::tidy {

struct FunctionSpan {
    std::string name;       // as in the source: "Decoder::decode"
    std::size_t line = 0;   // of the opening brace, from 1
    std::size_t lines = 0;  // from the opening to the closing brace, both counted
};

/// The functions that `file` defines, found by braces only. Lambdas and local classes belong to the
/// function around them; tables (`= {…}`) are not functions. Exact enough to count lines.
[[nodiscard]] std::vector<FunctionSpan> find_functions(const SourceFile& file);

}  // namespace octroi::tidy
