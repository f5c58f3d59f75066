// SPDX-License-Identifier: GPL-3.0-or-later
#include "words.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <utility>

namespace octroi::tidy {
namespace {

constexpr std::string_view list_path = "tools/tidy/words.txt";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return "";
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

std::vector<std::string> fields(std::string_view line) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t bar = line.find('|');
        parts.push_back(trimmed(line.substr(0, bar)));
        if (bar == std::string_view::npos) return parts;
        line.remove_prefix(bar + 1);
    }
}

/// "has_NameTable2" -> {"has", "name", "table2"}, "ATcpName" -> {"a", "tcp", "name"}
std::vector<std::string> parts_of(std::string_view identifier) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < identifier.size(); ++i) {
        const char c = identifier[i];
        const bool before_small = i + 1 < identifier.size() && is_lower(identifier[i + 1]);
        const bool hump = is_upper(c) && i > 0 && (!is_upper(identifier[i - 1]) || before_small);
        if ((c == '_' || hump) && !parts.back().empty()) parts.emplace_back();
        if (c != '_') parts.back() += lower(c);
    }
    return parts;
}

template <typename Visit>
void each_identifier(const std::string& line, Visit visit) {
    for (std::size_t at = 0; at < line.size();) {
        std::size_t end = at;
        while (end < line.size() && is_word(line[end])) ++end;
        if (end > at) visit(line.substr(at, end - at));
        at = end + 1;
    }
}

/// The prose of a file as one line in lower case with single spaces, and the line number of each
/// character. Comment signs and quotes become spaces, so that a phrase is found across line ends.
/// Full stops and commas stay and code becomes a full stop: no phrase is found across them.
class Prose {
public:
    explicit Prose(const SourceFile& file, bool cpp) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string& line = file.lines[i];
            for (std::size_t at = 0; at < line.size(); ++at) {
                const bool code = cpp && file.code[i][at] != ' ';
                const bool escape = !code && line[at] == '\\';
                add(code ? '.' : escape ? ' ' : line[at], i);
                if (escape) ++at;  // the n of \n begins no word
            }
            add(' ', i);
        }
    }

    template <typename Visit>
    void each(const std::string& phrase, Visit visit) const {
        for (std::size_t at = text_.find(phrase); at != std::string::npos;
             at = text_.find(phrase, at + 1)) {
            const std::size_t end = at + phrase.size();
            const bool begins = at == 0 || !is_word(text_[at - 1]);
            if (begins && (end == text_.size() || !is_word(text_[end]))) visit(line_of_[at]);
        }
    }

private:
    void add(char c, std::size_t line) {
        constexpr std::string_view kept = "_'.,;:!?()|";
        const bool letter = is_word(c) || (c & 0x80) != 0 || kept.find(c) != std::string_view::npos;
        if (!letter && (text_.empty() || text_.back() == ' ')) return;
        text_ += letter ? lower(c) : ' ';
        line_of_.push_back(line);
    }

    std::string text_;
    std::vector<std::size_t> line_of_;
};

/// Collects findings: one for each word and line.
class Report {
public:
    Report(const SourceFile& file, std::vector<Finding>& findings)
        : file_(file), findings_(findings) {}

    void add(std::size_t index, const BannedWord& word) {
        if (!seen_.insert({index, &word}).second) return;
        findings_.push_back({file_.path, index + 1,
                             "`" + word.text + "` is a banned word. Write: " + word.instead});
    }

private:
    const SourceFile& file_;
    std::vector<Finding>& findings_;
    std::set<std::pair<std::size_t, const BannedWord*>> seen_;
};

}  // namespace

WordList WordList::parse(std::string_view text, std::vector<Finding>& findings) {
    WordList list;
    std::istringstream in{std::string(text)};
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line[0] == '#') continue;
        const std::vector<std::string> parts = fields(line);
        const bool complete = parts.size() == 3 && !parts[1].empty();
        const bool known =
            complete && (parts[0] == "name" || parts[0] == "code" || parts[0] == "word");
        if (!known || parts[2].empty()) {
            findings.push_back(
                {std::string(list_path), number, "expected `name|code|word | text | instead`"});
            continue;
        }
        BannedWord word;
        word.scope = parts[0] == "name"   ? WordScope::name
                     : parts[0] == "code" ? WordScope::code
                                          : WordScope::word;
        word.text = parts[1];
        word.instead = parts[2];
        const std::size_t index = list.words_.size();
        if (word.scope == WordScope::word) {
            list.parts_.emplace(word.text, index);
        } else if (word.text.ends_with('*')) {
            list.begins_.push_back(index);
        } else {
            list.exact_.emplace(word.text, index);
        }
        list.words_.push_back(std::move(word));
    }
    return list;
}

const BannedWord* WordList::whole(const std::string& identifier, bool in_code) const {
    const auto fits = [&](const BannedWord& word) {
        return in_code || word.scope == WordScope::name;
    };
    if (const auto found = exact_.find(identifier); found != exact_.end()) {
        if (fits(words_[found->second])) return &words_[found->second];
    }
    for (const std::size_t index : begins_) {
        const BannedWord& word = words_[index];
        const std::string_view begin = std::string_view(word.text).substr(0, word.text.size() - 1);
        if (identifier.starts_with(begin) && fits(word)) return &word;
    }
    return nullptr;
}

const BannedWord* WordList::of_name(const std::string& identifier) const {
    return whole(identifier, false);
}

const BannedWord* WordList::of_identifier(const std::string& identifier) const {
    if (const BannedWord* word = whole(identifier, true); word != nullptr) return word;
    for (const std::string& part : parts_of(identifier)) {
        if (const auto found = parts_.find(part); found != parts_.end()) {
            return &words_[found->second];
        }
    }
    return nullptr;
}

void check_words(const SourceFile& file, const WordList& list, std::vector<Finding>& findings) {
    const bool cpp = file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
    Report report(file, findings);
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        each_identifier(file.lines[i], [&](const std::string& identifier) {
            if (const BannedWord* word = list.of_name(identifier)) report.add(i, *word);
        });
        if (!cpp) continue;
        each_identifier(file.code[i], [&](const std::string& identifier) {
            if (const BannedWord* word = list.of_identifier(identifier)) report.add(i, *word);
        });
    }
    const Prose prose(file, cpp);
    for (const BannedWord& word : list.words()) {
        if (word.scope != WordScope::word) continue;
        prose.each(word.text, [&](std::size_t index) { report.add(index, word); });
    }
}

}  // namespace octroi::tidy
