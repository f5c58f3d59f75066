// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/web_config/apache_words.hpp"

#include <algorithm>

namespace octroi::web_config {
namespace {

constexpr std::string_view spaces = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(spaces);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

bool is_name_octet(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_name_octet);
}

// "$NAME" and "${NAME}" of a shell; a name that is not set is empty.
std::string shell_value(std::string_view text, const Variables& variables) {
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front())
        text = text.substr(1, text.size() - 2);
    std::string value;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        value += text.substr(0, dollar);
        text.remove_prefix(std::min(dollar + 1, text.size()));
        if (text.empty()) break;
        std::string_view name;
        if (text.front() == '{') {
            const std::size_t end = std::min(text.find('}'), text.size());
            name = text.substr(1, end - 1);
            text.remove_prefix(std::min(end + 1, text.size()));
        } else {
            const auto* end = std::ranges::find_if_not(text, is_name_octet);
            name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
            text.remove_prefix(name.size());
        }
        if (const auto known = variables.find(name); known != variables.end())
            value += known->second;
    }
    return value;
}

}  // namespace

std::string next_apache_line(std::string_view& text, std::uint32_t& lines) {
    std::string whole;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++lines;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool goes_on = line.ends_with('\\');
        if (goes_on) line.remove_suffix(1);
        whole += line;
        if (!goes_on) break;
    }
    return std::string(trimmed(whole));
}

std::vector<std::string> apache_words(std::string_view line) {
    std::vector<std::string> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(spaces);
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        std::string& word = words.emplace_back();
        const char quote = line.front();
        if (quote != '"' && quote != '\'') {
            const std::size_t end = std::min(line.find_first_of(spaces), line.size());
            word = line.substr(0, end);
            line.remove_prefix(end);
            continue;
        }
        line.remove_prefix(1);
        while (!line.empty() && line.front() != quote) {
            if (line.front() == '\\' && line.size() > 1 && (line[1] == quote || line[1] == '\\'))
                line.remove_prefix(1);
            word += line.front();
            line.remove_prefix(1);
        }
        if (!line.empty()) line.remove_prefix(1);
    }
}

std::string with_variables(std::string_view text, const Variables& variables) {
    std::string out;
    while (!text.empty()) {
        const std::size_t at = std::min(text.find("${"), text.size());
        out += text.substr(0, at);
        text.remove_prefix(at);
        if (text.empty()) break;
        const std::size_t end = text.find('}');
        const auto known = end == std::string_view::npos ? variables.end()
                                                         : variables.find(text.substr(2, end - 2));
        if (known == variables.end()) {
            out += text.substr(0, 2);
            text.remove_prefix(2);
            continue;
        }
        out += known->second;
        text.remove_prefix(end + 1);
    }
    return out;
}

Variables shell_variables(std::string_view text) {
    Variables variables;
    std::uint32_t lines = 0;
    while (!text.empty()) {
        const std::string line = next_apache_line(text, lines);
        std::string_view rest = line;
        if (rest.starts_with("export ")) rest = trimmed(rest.substr(7));
        const std::size_t equal = rest.find('=');
        if (equal == std::string_view::npos || !is_name(rest.substr(0, equal))) continue;
        std::string value = shell_value(rest.substr(equal + 1), variables);
        variables.insert_or_assign(std::string(rest.substr(0, equal)), std::move(value));
    }
    return variables;
}

}  // namespace octroi::web_config
