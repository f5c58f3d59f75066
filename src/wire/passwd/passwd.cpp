// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/passwd/passwd.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace octroi::passwd {
namespace {

constexpr std::size_t fields_of_a_line = 7;

std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

bool parse_number(std::string_view text, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

// The next word of a line of words; removes it.
std::string_view next_word(std::string_view& line) {
    constexpr std::string_view spaces = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(spaces), line.size()));
    const std::size_t end = std::min(line.find_first_of(spaces), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

bool parse_user(std::string_view line, User& user) {
    std::array<std::string_view, fields_of_a_line> fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t colon = line.find(':');
        if ((colon == std::string_view::npos) != (i + 1 == fields.size())) return false;
        fields.at(i) = line.substr(0, colon);
        if (colon != std::string_view::npos) line.remove_prefix(colon + 1);
    }
    if (fields[0].empty() || !parse_number(fields[2], user.uid)) return false;
    user.name = fields[0];
    user.full_name = fields[4].substr(0, fields[4].find(','));
    user.home = fields[5];
    while (user.home.ends_with('/')) user.home.pop_back();
    user.shell = fields[6];
    return true;
}

}  // namespace

Users parse_passwd(std::string_view text) {
    Users users;
    while (!text.empty()) {
        std::string_view line = next_line(text);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#' || line.front() == '+' || line.front() == '-')
            continue;
        User user;
        if (parse_user(line, user))
            users.users.push_back(std::move(user));
        else
            ++users.bad_lines;
    }
    return users;
}

UidRange parse_login_defs(std::string_view text) {
    UidRange range;
    while (!text.empty()) {
        std::string_view line = next_line(text);
        const std::string_view key = next_word(line);
        std::uint32_t number = 0;
        if (!parse_number(next_word(line), number)) continue;
        if (key == "UID_MIN") range.first = number;
        if (key == "UID_MAX") range.last = number;
    }
    return range;
}

bool is_login_shell(std::string_view shell) {
    const std::string_view name = shell.substr(shell.rfind('/') + 1);
    return name != "nologin" && name != "false";
}

}  // namespace octroi::passwd
