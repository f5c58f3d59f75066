// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace octroi::accounting {

Status check_table(const OptionEntry& entry) {
    constexpr std::string_view prefix = "octroi_";
    constexpr std::size_t octets_max = 63;
    const std::string& name = entry.text();
    const bool is_good = name.starts_with(prefix) && name.size() > prefix.size() &&
                         name.size() <= octets_max && std::ranges::all_of(name, [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '_';
                         });
    if (is_good) return {};
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a name for our table: octroi_, then letters, digits and "
                            "'_'; at most {} octets",
                            name, octets_max));
}

TableOptions table_options(const OptionValues& values) {
    return {.priority = static_cast<int>(values.integer("priority")),
            .defragment = values.boolean("defragment")};
}

}  // namespace octroi::accounting
