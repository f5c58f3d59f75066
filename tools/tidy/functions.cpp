// SPDX-License-Identifier: GPL-3.0-or-later
#include "functions.hpp"

#include <cctype>
#include <regex>
#include <string_view>

namespace octroi::tidy {
namespace {

enum class Brace { scope, function, member_initialiser, other };

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Decides what the brace after `head` opens. `head` is the code since the last statement or scope.
Brace classify(const std::string& head) {
    static const std::regex scope(R"((^|\s)(namespace|class|struct|union|enum|extern)\b[^()]*$)");
    static const std::regex initialisers(R"(\)\s*(noexcept\s*)?:[^:])");
    static const std::regex assigned(R"(^[^(]* = )");
    static const std::regex lambda(R"(\[[^\]]*\]\s*(\(|\{|$))");
    const std::size_t last = head.find_last_not_of(" \n\t");
    if (last == std::string::npos) return Brace::other;
    if (std::regex_search(head, scope)) return Brace::scope;
    if (head.find('(') == std::string::npos) return Brace::other;
    if (std::regex_search(head, initialisers) && (is_word(head[last]) || head[last] == '>')) {
        return Brace::member_initialiser;
    }
    if (std::regex_search(head, assigned) && !std::regex_search(head, lambda)) return Brace::other;
    return Brace::function;
}

/// The word before the first parenthesis: "Decoder::decode" of "Rows Decoder::decode(Span s)".
std::string name_of(const std::string& head) {
    const std::size_t paren = head.find('(');
    std::size_t begin = paren;
    while (begin > 0 &&
           (is_word(head[begin - 1]) || head[begin - 1] == ':' || head[begin - 1] == '~')) {
        --begin;
    }
    std::string name = head.substr(begin, paren - begin);
    if (name == "TEST" || name == "TEST_F" || name == "TEST_P") {
        name = head.substr(begin, head.find(')', paren) - begin + 1);
    }
    return name.empty() ? "(unnamed)" : name;
}

class Scanner {
public:
    std::vector<FunctionSpan> scan(const SourceFile& file) {
        for (line_ = 1; line_ <= file.code.size(); ++line_) {
            const std::string& text = file.code[line_ - 1];
            const std::size_t first = text.find_first_not_of(" \t");
            if (first != std::string::npos && text[first] == '#') continue;
            for (const char c : text) on_character(c);
            head_ += '\n';
        }
        return std::move(found_);
    }

private:
    void on_character(char c) {
        if (c == '{') {
            open();
        } else if (c == '}') {
            close();
        } else if (c == ';' && inside_ == 0) {
            head_.clear();
        } else {
            head_ += c;
        }
    }

    void open() {
        if (inside_ > 0) {  // within a function only its end is important
            ++inside_;
            return;
        }
        const Brace kind = classify(head_);
        if (kind == Brace::scope) {
            head_.clear();
            return;
        }
        inside_ = 1;
        kind_ = kind;
        opened_ = line_;
        outer_ = head_;
    }

    void close() {
        if (inside_ == 0) {  // the end of a scope
            head_.clear();
            return;
        }
        if (--inside_ > 0) return;
        if (kind_ == Brace::function)
            found_.push_back({name_of(outer_), opened_, line_ - opened_ + 1});
        // After a member initialiser the head continues: the body follows.
        head_ = kind_ == Brace::member_initialiser ? outer_ + "{}" : "";
    }

    std::vector<FunctionSpan> found_;
    std::string head_;
    std::string outer_;
    Brace kind_ = Brace::other;
    std::size_t line_ = 0;
    std::size_t opened_ = 0;
    std::size_t inside_ = 0;
};

}  // namespace

std::vector<FunctionSpan> find_functions(const SourceFile& file) { return Scanner().scan(file); }

}  // namespace octroi::tidy
