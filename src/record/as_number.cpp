// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/as_number.hpp"

#include <fmt/format.h>

#include <charconv>

namespace octroi {

Result<std::uint32_t> parse_as_number(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with("AS") || digits.starts_with("as")) digits.remove_prefix(2);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is not an AS number (0 to 4294967295)", text));
    }
    return number;
}

}  // namespace octroi
