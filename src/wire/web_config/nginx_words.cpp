// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/web_config/nginx_words.hpp"

#include <algorithm>

namespace octroi::web_config {

void NginxText::skip_spaces() {
    while (!rest_.empty()) {
        const char c = rest_.front();
        if (c == '#') {
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            if (c == '\n') ++line_;
            rest_.remove_prefix(1);
        } else {
            return;
        }
    }
}

// One that begins at the front. "${name}" is a part of a word.
std::string NginxText::word() {
    std::string out;
    const char first = rest_.front();
    if (first == '"' || first == '\'') {
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != first) {
            if (rest_.front() == '\\' && rest_.size() > 1 &&
                (rest_[1] == first || rest_[1] == '\\'))
                rest_.remove_prefix(1);
            if (rest_.front() == '\n') ++line_;
            out += rest_.front();
            rest_.remove_prefix(1);
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        return out;
    }
    while (!rest_.empty()) {
        const char c = rest_.front();
        const bool is_variable = c == '{' && out.ends_with('$');
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' ||
            (c == '{' && !is_variable))
            break;
        if (is_variable) {
            const std::size_t end = std::min(rest_.find('}'), rest_.size() - 1);
            out += rest_.substr(0, end + 1);
            rest_.remove_prefix(end + 1);
            continue;
        }
        if (c == '\\' && rest_.size() > 1) {
            out += c;
            rest_.remove_prefix(1);
        }
        out += rest_.front();
        rest_.remove_prefix(1);
    }
    return out;
}

// Behind its '{', to its '}'.
void NginxText::skip_block() {
    std::size_t depth = 1;
    while (!rest_.empty() && depth > 0) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '\n') ++line_;
        if (c == '{') ++depth;
        if (c == '}') --depth;
    }
}

NginxStatement NginxText::next() {
    NginxStatement statement;
    using Kind = NginxStatement::Kind;
    while (true) {
        skip_spaces();
        if (statement.words.empty()) statement.line = line_;
        if (rest_.empty()) return statement;
        const char c = rest_.front();
        if (c == ';' || c == '{' || c == '}') {
            rest_.remove_prefix(1);
            if (c == ';' && statement.words.empty()) continue;
            if (c == '{' && !statement.words.empty() &&
                statement.words.front().ends_with("_by_lua_block")) {
                skip_block();
                statement.words.clear();
                continue;
            }
            statement.kind = c == ';' ? Kind::simple : c == '{' ? Kind::begin : Kind::end;
            return statement;
        }
        statement.words.push_back(word());
    }
}

}  // namespace octroi::web_config
