// SPDX-License-Identifier: GPL-3.0-or-later
// A source file as the rules read it: its lines, and the same lines with code only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace octroi::tidy {

struct SourceFile {
    std::string path;  // relative to the root of the tree: "src/wire/packet/packet.hpp"
    std::vector<std::string> lines;  // unchanged, without line ends
    std::vector<std::string> code;   // the same, with spaces in place of comments and literals
};

struct Finding {
    std::string path;
    std::size_t line = 0;  // from 1; 0: the file as a whole
    std::string text;      // the mistake, and what to write instead

    auto operator<=>(const Finding&) const = default;
};

/// Splits `text` into lines and blanks comments and literals. Every line keeps its length in
/// octets, so that columns agree between `lines` and `code`. Never fails, but the result has a
/// meaning only for C++.
[[nodiscard]] SourceFile parse_source(std::string path, std::string_view text);

/// "src/wire/packet/packet.hpp" -> {"src", "wire", "packet", "packet.hpp"}
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

/// The folder below src/ that contains the path ("wire"). Empty if the path is not below src/.
[[nodiscard]] std::string layer_of(std::string_view path);

/// The path of `#include "…"` on this line, or empty. Expects a line of SourceFile::lines.
[[nodiscard]] std::string quoted_include(std::string_view line);

}  // namespace octroi::tidy
