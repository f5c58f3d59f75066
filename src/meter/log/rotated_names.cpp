// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/rotated_names.hpp"

#include <algorithm>
#include <array>

namespace octroi::logs {
namespace {

constexpr std::array<std::string_view, 4> compressed_suffixes{".gz", ".bz2", ".zst", ".xz"};
constexpr std::array<std::string_view, 4> words{"old", "bak", "prev", "save"};

std::string_view without_compression(std::string_view name) {
    for (const std::string_view suffix : compressed_suffixes)
        if (name.size() > suffix.size() && name.ends_with(suffix))
            return name.substr(0, name.size() - suffix.size());
    return name;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

// A number, or a date with or without a time of day: "1", "20261130-1764500000", "2026-11-30T10".
bool is_number_or_date(std::string_view text) {
    const auto allowed = [](char c) {
        return is_digit(c) || is_separator(c) || c == 'T' || c == ':' || c == '+' || c == 'Z';
    };
    return !text.empty() && is_digit(text.front()) && std::ranges::all_of(text, allowed);
}

// What stands between the name of the log and the end of the name, with its separator.
bool is_rotation_suffix(std::string_view text) {
    if (text.size() < 2 || !is_separator(text.front())) return false;
    text.remove_prefix(1);
    return is_number_or_date(text) || std::ranges::find(words, text) != words.end();
}

// The first place at which a rotation suffix may begin; npos: none.
std::size_t suffix_begin(std::string_view name) {
    for (std::size_t at = 1; at + 1 < name.size(); ++at)
        if (is_separator(name[at]) && is_rotation_suffix(name.substr(at))) return at;
    return std::string_view::npos;
}

}  // namespace

bool is_rotated_name(std::string_view log, std::string_view name) {
    if (log.empty() || name == log) return false;
    name = without_compression(name);
    if (name == log) return true;
    if (name.starts_with(log) && is_rotation_suffix(name.substr(log.size()))) return true;
    const std::size_t dot = log.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    const std::string_view stem = log.substr(0, dot);
    const std::string_view extension = log.substr(dot);
    if (name.size() <= log.size() || !name.starts_with(stem) || !name.ends_with(extension))
        return false;
    return is_rotation_suffix(
        name.substr(stem.size(), name.size() - stem.size() - extension.size()));
}

std::string log_of_rotated_name(std::string_view name) {
    const std::string_view plain = without_compression(name);
    if (const std::size_t at = suffix_begin(plain); at != std::string_view::npos)
        return std::string(plain.substr(0, at));
    const std::size_t dot = plain.rfind('.');
    if (dot != std::string_view::npos && dot > 0)
        if (const std::size_t at = suffix_begin(plain.substr(0, dot)); at != std::string_view::npos)
            return std::string(plain.substr(0, at)) + std::string(plain.substr(dot));
    return plain.size() < name.size() ? std::string(plain) : std::string();
}

bool is_reused_rotated_name(std::string_view name) {
    const std::string_view plain = without_compression(name);
    std::string_view suffix;
    if (const std::size_t at = suffix_begin(plain); at != std::string_view::npos) {
        suffix = plain.substr(at + 1);
    } else {
        const std::string_view stem = plain.substr(0, plain.rfind('.'));
        const std::size_t begin = suffix_begin(stem);
        if (begin == std::string_view::npos) return plain.size() < name.size();
        suffix = stem.substr(begin + 1);
    }
    constexpr std::size_t number_digits_max = 3;  // four are a year
    return std::ranges::find(words, suffix) != words.end() ||
           (suffix.size() <= number_digits_max && std::ranges::all_of(suffix, is_digit));
}

}  // namespace octroi::logs
