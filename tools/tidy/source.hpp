// SPDX-License-Identifier: GPL-3.0-or-later
// A source file as the rules look at it: its lines, and the same lines with nothing but code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace octroi::tidy {

struct SourceFile {
    std::string path;                // from the root of the tree: "src/wire/packet/packet.hpp"
    std::vector<std::string> lines;  // as they stand, without line ends
    std::vector<std::string> code;   // the same, with comments and the insides of literals blanked
};

struct Finding {
    std::string path;
    std::size_t line = 0;  // from 1; 0: the file as a whole
    std::string text;      // what is wrong, and what to do instead

    auto operator<=>(const Finding&) const = default;
};

/// Splits `text` and blanks what is not code. Every line keeps its length in octets, so that
/// columns agree between `lines` and `code`. Never fails: text that is not C++ is blanked oddly.
[[nodiscard]] SourceFile parse_source(std::string path, std::string_view text);

/// "src/wire/packet/packet.hpp" -> {"src", "wire", "packet", "packet.hpp"}
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

/// The folder below src/ that a path is in ("wire"), or nothing when it is not below src/.
[[nodiscard]] std::string layer_of(std::string_view path);

/// What `#include "…"` on this line names, or nothing. Looks at the line as it stands.
[[nodiscard]] std::string quoted_include(std::string_view line);

}  // namespace octroi::tidy
