// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lines and words of a text. Views into the text: it must outlive them.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace octroi::counters {

[[nodiscard]] inline bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// The lines of a text, without their ends. The last one needs none.
class Lines {
public:
    explicit Lines(std::string_view text) noexcept : rest_(text) {}
    [[nodiscard]] std::optional<std::string_view> next() noexcept {
        if (rest_.empty()) return std::nullopt;
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        return line;
    }

private:
    std::string_view rest_;
};

// The words of a line: what stands between blanks.
class Words {
public:
    explicit Words(std::string_view line) noexcept : rest_(trimmed(line)) {}
    [[nodiscard]] std::optional<std::string_view> next() noexcept {
        if (rest_.empty()) return std::nullopt;
        std::size_t end = 0;
        while (end < rest_.size() && !is_blank(rest_[end])) ++end;
        const std::string_view word = rest_.substr(0, end);
        rest_ = trimmed(rest_.substr(end));
        return word;
    }
    // The text behind the last word, without blanks around it.
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

// A decimal number that is the whole word. False: it is none, or does not fit.
[[nodiscard]] inline bool parse_whole(std::string_view word, std::uint64_t& value) noexcept {
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, value);
    return error == std::errc{} && stop == end && !word.empty();
}

}  // namespace octroi::counters
