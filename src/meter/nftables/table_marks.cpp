// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/table_marks.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text_hash.hpp"

namespace octroi::accounting {
namespace {

constexpr std::string_view mark_prefix = "mark-";

// Reads a number and the '-' behind it, or the end.
template <typename Value>
bool read_number(std::string_view& text, Value& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return true;
    const bool is_separator = text.front() == '-';
    text.remove_prefix(1);
    return is_separator && !text.empty();
}

}  // namespace

std::string born_chain(std::string_view generation) {
    return fmt::format("born-{:016x}", text_hash(generation, 0));
}

std::string mark_chain(const Mark& mark) {
    return fmt::format("{}{:016x}-{}-{}", mark_prefix, mark.content, mark.rules, mark.references);
}

std::optional<Mark> parse_mark(std::string_view chain) {
    if (!chain.starts_with(mark_prefix)) return std::nullopt;
    chain.remove_prefix(mark_prefix.size());
    Mark mark;
    if (!read_number(chain, mark.content, 16) || !read_number(chain, mark.rules, 10) ||
        !read_number(chain, mark.references, 10) || !chain.empty())
        return std::nullopt;
    return mark;
}

}  // namespace octroi::accounting
