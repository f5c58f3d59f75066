// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/prefix_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace octroi {
namespace {

constexpr std::string_view separators = " \t\r\v\f,";

// Removes the next column from `rest` and returns it; empty: there is none. "{…}" is one column,
// with all separators in it.
std::string_view next_column(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
    std::size_t size = std::min(rest.find_first_of(separators), rest.size());
    if (rest.starts_with('{')) size = std::min(rest.find('}'), rest.size() - 1) + 1;
    const std::string_view column = rest.substr(0, size);
    rest.remove_prefix(size);
    return column;
}

std::optional<std::uint32_t> as_number(std::string_view text) {
    if (text.size() > 2 && (text.starts_with("AS") || text.starts_with("as")))
        text.remove_prefix(2);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// "{1,2,3}": appends the numbers in ascending order without duplicates. False: not a set.
bool append_set(std::string_view column, RouteBatch& out) {
    if (column.size() < 2 || !column.ends_with('}')) return false;
    std::string_view rest = column.substr(1, column.size() - 2);
    const auto begin = static_cast<std::ptrdiff_t>(out.origins.size());
    for (std::string_view member = next_column(rest); !member.empty(); member = next_column(rest)) {
        const auto number = as_number(member);
        if (!number) return false;
        out.origins.push_back(*number);
    }
    std::sort(out.origins.begin() + begin, out.origins.end());
    out.origins.erase(std::unique(out.origins.begin() + begin, out.origins.end()),
                      out.origins.end());
    return static_cast<std::ptrdiff_t>(out.origins.size()) > begin;
}

bool append_label(std::string_view column, RouteBatch& out, Route& route) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.' || c == '/' || c == ':' || c == '+' ||
               (static_cast<unsigned char>(c) >= 0x80);
    };
    if (column.size() > label_octets_max || !std::all_of(column.begin(), column.end(), is_plain))
        return false;
    route.label_begin = static_cast<std::uint32_t>(out.labels.size());
    route.label_size = static_cast<std::uint32_t>(column.size());
    out.labels.append(column);
    return true;
}

}  // namespace

std::optional<std::string> parse_prefix_line(std::string_view line, RouteBatch& out) {
    std::string_view rest = line.substr(0, line.find_first_of("#;"));
    const std::string_view first = next_column(rest);
    if (first.empty()) return std::nullopt;
    auto prefix = parse_prefix(first);
    if (!prefix) return std::move(prefix.error().text);
    const std::string_view second = next_column(rest);
    if (const std::string_view third = next_column(rest); !third.empty()) {
        return fmt::format("'{}' is a third column; next: begin comments with '#'", third);
    }
    Route route;
    route.prefix = *prefix;
    route.origins_begin = static_cast<std::uint32_t>(out.origins.size());
    if (second.starts_with('{')) {
        if (!append_set(second, out)) {
            out.origins.resize(route.origins_begin);
            return fmt::format("'{}' is not a set of AS numbers like {{64500,64501}}", second);
        }
    } else if (const auto number = as_number(second)) {
        out.origins.push_back(*number);
    } else if (!append_label(second, out, route)) {
        return fmt::format(
            "'{}' is not a valid class name; use at most {} letters, digits and "
            "- _ . / : +",
            second.substr(0, 40), label_octets_max);
    }
    route.origins_count = static_cast<std::uint32_t>(out.origins.size()) - route.origins_begin;
    out.routes.push_back(route);
    return std::nullopt;
}

}  // namespace octroi
