// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/exporter_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace octroi {

Result<Duration> parse_clock_offset(std::string_view text) {
    const bool is_behind = text.starts_with('-');
    TRY_ASSIGN(const Duration offset, parse_duration(is_behind ? text.substr(1) : text));
    return is_behind ? Duration{-offset.ns} : offset;
}

Result<std::pair<std::uint32_t, std::string>> parse_interface_name(std::string_view text) {
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || digits + 1 >= text.size() || text[digits] != '=')
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no name of an interface; write ifIndex=NAME: "
                                "\"3=uplink\"",
                                text));
    return std::pair{index, std::string(text.substr(digits + 1))};
}

const ExporterConfig* find_exporter(std::span<const ExporterConfig> rows, const Address& address,
                                    std::uint32_t domain) {
    for (const ExporterConfig& row : rows)
        if ((!row.domain || *row.domain == domain) && any_contains(row.prefixes, address))
            return &row;
    return nullptr;
}

}  // namespace octroi
