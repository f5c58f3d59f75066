// SPDX-License-Identifier: GPL-3.0-or-later
#include "source.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace octroi::tidy {
namespace {

/// Walks over C++ text and answers, for each character, whether it is code. A hand-made lexer of
/// the five states that matter here. It knows no line splices and no trigraphs: nobody writes them.
class Blanker {
public:
    explicit Blanker(std::string_view text) : text_(text) {}

    std::string blank() {
        std::string out;
        out.reserve(text_.size());
        while (at_ < text_.size()) {
            const std::size_t from = at_;
            const bool code = step();
            for (const char c : text_.substr(from, at_ - from)) {
                out += code || c == '\n' ? c : ' ';
            }
        }
        return out;
    }

private:
    /// Consumes one character of code, or one whole comment or literal. Quotes stay visible.
    bool step() {
        if (starts("//")) return skip_to("\n", 2, 0);
        if (starts("/*")) return skip_to("*/", 2, 2);
        if (starts("R\"") && !after_word()) return skip_raw_string();
        if (text_[at_] == '"') return skip_literal('"');
        // An apostrophe after a digit or a letter separates digits (1'000) or is a prefix (u8'x').
        if (text_[at_] == '\'' && !after_word()) return skip_literal('\'');
        ++at_;
        return true;
    }

    bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    bool after_word() const {
        if (at_ == 0) return false;
        const auto before = static_cast<unsigned char>(text_[at_ - 1]);
        return std::isalnum(before) != 0 || before == '_';
    }

    bool skip_to(std::string_view end, std::size_t opening, std::size_t closing) {
        const std::size_t found = text_.find(end, at_ + opening);
        at_ = found == std::string_view::npos ? text_.size() : found + closing;
        return false;
    }

    bool skip_raw_string() {
        const std::size_t paren = text_.find('(', at_);
        if (paren == std::string_view::npos) return skip_to("\n", 2, 0);
        const std::string end = ")" + std::string(text_.substr(at_ + 2, paren - at_ - 2)) + "\"";
        return skip_to(end, paren + 1 - at_, end.size());
    }

    bool skip_literal(char quote) {
        for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        at_ = at_ < text_.size() ? at_ + 1 : text_.size();
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t end = std::min(text.find(separator, from), text.size());
        parts.emplace_back(text.substr(from, end - from));
        from = end + 1;
    }
    return parts;
}

}  // namespace

SourceFile parse_source(std::string path, std::string_view text) {
    return {std::move(path), split(text, '\n'), split(Blanker(text).blank(), '\n')};
}

std::vector<std::string> split_path(std::string_view path) { return split(path, '/'); }

std::string layer_of(std::string_view path) {
    const auto parts = split_path(path);
    return parts.size() > 2 && parts[0] == "src" ? parts[1] : "";
}

std::string quoted_include(std::string_view line) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string_view::npos || line[hash] != '#') return "";
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string_view::npos || !line.substr(word).starts_with("include")) return "";
    const std::size_t open = line.find('"', word);
    const std::size_t close = line.find('"', open + 1);
    if (open == std::string_view::npos || close == std::string_view::npos) return "";
    return std::string(line.substr(open + 1, close - open - 1));
}

}  // namespace octroi::tidy
