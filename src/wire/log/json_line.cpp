// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/json_line.hpp"

#include "wire/log/fields.hpp"

namespace octroi::logline {

void JsonLine::skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\r' || rest_.front() == '\n'))
        rest_.remove_prefix(1);
}

void JsonLine::add_code_point(unsigned value) {
    const auto add = [this](unsigned octet) { decoded_.push_back(static_cast<char>(octet)); };
    if (value < 0x80) {
        add(value);
    } else if (value < 0x800) {
        add(0xC0U | value >> 6U);
        add(0x80U | (value & 0x3FU));
    } else if (value < 0x10000) {
        add(0xE0U | value >> 12U);
        add(0x80U | (value >> 6U & 0x3FU));
        add(0x80U | (value & 0x3FU));
    } else {
        add(0xF0U | value >> 18U);
        add(0x80U | (value >> 12U & 0x3FU));
        add(0x80U | (value >> 6U & 0x3FU));
        add(0x80U | (value & 0x3FU));
    }
}

bool JsonLine::parse_hex(unsigned& value) {
    constexpr std::size_t digits = 4;
    if (rest_.size() < digits) return false;
    const char* const end = rest_.data() + digits;
    const auto [stop, error] = std::from_chars(rest_.data(), end, value, 16);
    if (error != std::errc{} || stop != end) return false;
    rest_.remove_prefix(digits);
    return true;
}

// Behind the backslash.
bool JsonLine::parse_escape() {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    if (const std::size_t at = names.find(c); at != std::string_view::npos) {
        decoded_.push_back(values[at]);
        return true;
    }
    unsigned value = 0;
    if (c != 'u' || !parse_hex(value)) return false;
    if (value >= 0xD800 && value < 0xDC00) {
        unsigned low = 0;
        if (!skip_text(rest_, "\\u") || !parse_hex(low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        value = 0x10000 + ((value - 0xD800) << 10U) + (low - 0xDC00);
    } else if (value >= 0xDC00 && value <= 0xDFFF) {
        return false;
    }
    add_code_point(value);
    return true;
}

bool JsonLine::parse_text(std::string_view& text) {
    if (!skip_text(rest_, "\"")) return false;
    const std::size_t plain = rest_.find_first_of("\"\\");
    if (plain == std::string_view::npos) return false;
    if (rest_[plain] == '"') {
        text = rest_.substr(0, plain);
        rest_.remove_prefix(plain + 1);
        return true;
    }
    const std::size_t begin = decoded_.size();
    while (!rest_.empty()) {
        const std::size_t end = rest_.find_first_of("\"\\");
        if (end == std::string_view::npos) return false;
        decoded_.append(rest_.substr(0, end));
        const bool is_end = rest_[end] == '"';
        rest_.remove_prefix(end + 1);
        if (is_end) {
            text = std::string_view(decoded_).substr(begin);
            return true;
        }
        if (!parse_escape()) return false;
    }
    return false;
}

// A number, true, false or null.
bool JsonLine::parse_word(std::string_view& word) {
    std::size_t size = 0;
    while (size < rest_.size() &&
           (is_digit(rest_[size]) || (rest_[size] >= 'a' && rest_[size] <= 'z') ||
            rest_[size] == '.' || rest_[size] == '-' || rest_[size] == '+' || rest_[size] == 'E'))
        ++size;
    word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return size > 0;
}

bool JsonLine::parse_array(int depth) {
    if (!skip_text(rest_, "[")) return false;
    skip_space();
    if (skip_text(rest_, "]")) return true;
    for (;;) {
        if (!parse_value(depth + 1, false)) return false;
        skip_space();
        if (skip_text(rest_, "]")) return true;
        if (!skip_text(rest_, ",")) return false;
        skip_space();
    }
}

bool JsonLine::parse_object(int depth, bool is_kept) {
    if (!skip_text(rest_, "{")) return false;
    skip_space();
    if (skip_text(rest_, "}")) return true;
    for (;;) {
        std::string_view name;
        if (!parse_text(name)) return false;
        skip_space();
        if (!skip_text(rest_, ":")) return false;
        skip_space();
        const std::size_t outer = path_.size();
        if (is_kept) path_.append(outer == 0 ? "" : ".").append(name);
        if (!parse_value(depth + 1, is_kept)) return false;
        path_.resize(outer);
        skip_space();
        if (skip_text(rest_, "}")) return true;
        if (!skip_text(rest_, ",")) return false;
        skip_space();
    }
}

bool JsonLine::parse_value(int depth, bool is_kept) {
    if (depth > depth_max || rest_.empty()) return false;
    if (rest_.front() == '{') return parse_object(depth, is_kept);
    if (rest_.front() == '[') return parse_array(depth);
    JsonMember member;
    member.is_text = rest_.front() == '"';
    if (!(member.is_text ? parse_text(member.value) : parse_word(member.value))) return false;
    if (!is_kept) return true;
    if (members_.size() == members_max || paths_.size() + path_.size() > paths_octets_max)
        return false;
    const std::size_t begin = paths_.size();
    paths_.append(path_);
    member.path = std::string_view(paths_).substr(begin);
    members_.push_back(member);
    return true;
}

bool JsonLine::parse(std::string_view line) {
    members_.clear();
    decoded_.clear();
    path_.clear();
    rest_ = line;
    decoded_.reserve(line.size());  // a decoded text is not longer
    paths_.clear();
    paths_.reserve(paths_octets_max);
    skip_space();
    if (!rest_.starts_with('{') || !parse_object(0, true)) return false;
    skip_space();
    return rest_.empty();
}

}  // namespace octroi::logline
