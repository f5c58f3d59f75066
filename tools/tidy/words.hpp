// SPDX-License-Identifier: GPL-3.0-or-later
// The words that are never right in this tree (tools/tidy/words.txt), and the rule that finds them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source.hpp"

namespace octroi::tidy {

/// Where a banned word is searched.
enum class WordScope {
    name,  // a whole identifier, in code, comments, strings and documents; case counts
    code,  // a whole identifier, in C++ code only: in prose the same word is right
    word,  // a word or phrase of prose, also across line ends, and a part of an identifier
};

struct BannedWord {
    WordScope scope = WordScope::word;
    std::string text;     // of a name or code: may end in `*`; of a word: lower case
    std::string instead;  // what to write
};

class WordList {
public:
    /// Reads lines `scope | text | instead`. A line that cannot be parsed is reported as a finding
    /// and skipped.
    static WordList parse(std::string_view text, std::vector<Finding>& findings);

    [[nodiscard]] const std::vector<BannedWord>& words() const noexcept { return words_; }
    /// The entry for an identifier of C++ code, or null.
    [[nodiscard]] const BannedWord* of_identifier(const std::string& identifier) const;
    /// The entry of scope `name` for an identifier in a text, or null.
    [[nodiscard]] const BannedWord* of_name(const std::string& identifier) const;

private:
    [[nodiscard]] const BannedWord* whole(const std::string& identifier, bool in_code) const;

    std::vector<BannedWord> words_;
    std::unordered_map<std::string, std::size_t> exact_;  // names and code without `*`
    std::unordered_map<std::string, std::size_t> parts_;  // single words of scope `word`
    std::vector<std::size_t> begins_;                     // entries that end in `*`
};

/// Reports each banned word once per line. A file that is not C++ is prose as a whole.
void check_words(const SourceFile& file, const WordList& list, std::vector<Finding>& findings);

}  // namespace octroi::tidy
