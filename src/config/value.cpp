// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.hpp"
#include "config/size.hpp"
#include "config/suggest.hpp"

namespace octroi {
namespace {

template <typename T, typename Error>
Result<OptionValue> widen(std::expected<T, Error> value) {
    if (!value.has_value()) return std::unexpected(std::move(value.error()));
    return OptionValue(*std::move(value));
}

Result<OptionValue> parse_integer(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) {
        return fail(ErrorCode::invalid, fmt::format("'{}' is not a whole number", text));
    }
    return OptionValue(number);
}

Result<OptionValue> parse_choice(const Option& option, std::string_view text) {
    const auto known = choices(option);
    if (std::ranges::find(known, text) != known.end()) return OptionValue(std::string(text));
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a valid value{}", text, suggestion(text, known)));
}

}  // namespace

Result<OptionValue> parse_option_text(const Option& option, std::string_view text) {
    switch (option.type) {
        case OptionType::integer:
            return parse_integer(text);
        case OptionType::duration:
            return widen(parse_duration(text));
        case OptionType::size:
            return widen(parse_size(text));
        case OptionType::choice:
            return parse_choice(option, text);
        default:
            return OptionValue(std::string(text));
    }
}

Status check_range(const Option& option, const OptionValue& value) {
    const std::size_t dots = option.range.find("..");
    if (dots == std::string_view::npos) return {};
    const auto least = parse_option_text(option, option.range.substr(0, dots));
    const auto most = parse_option_text(option, option.range.substr(dots + 2));
    CHECK(least.has_value() && most.has_value());  // a test reads the range of every row
    // All three hold the same type, so that the variants compare as the values do.
    if (value < *least || *most < value) {
        return fail(ErrorCode::invalid,
                    fmt::format("must be from {} to {}", option.range.substr(0, dots),
                                option.range.substr(dots + 2)));
    }
    return {};
}

std::vector<std::string_view> choices(const Option& option) {
    std::vector<std::string_view> all;
    std::string_view rest = option.range;
    while (!rest.empty()) {
        const std::size_t bar = std::min(rest.find('|'), rest.size());
        all.push_back(rest.substr(0, bar));
        rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    return all;
}

}  // namespace octroi
