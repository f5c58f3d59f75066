// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace octroi::conntrack {
namespace {

// Decimal, or hexadecimal behind "0x".
template <typename Number>
std::optional<Number> number_of(std::string_view text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) text.remove_prefix(2);
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, is_hex ? 16 : 10);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

bool overlaps(const MarkMatch& a, const MarkMatch& b) {
    return ((a.value ^ b.value) & a.mask & b.mask) == 0;
}

}  // namespace

std::uint16_t zone_of(const Entry& entry) noexcept {
    if (entry.zone != 0) return entry.zone;
    return entry.original_zone != 0 ? entry.original_zone : entry.reply_zone;
}

Result<std::uint16_t> parse_zone(std::string_view text) {
    if (const auto zone = number_of<std::uint16_t>(text)) return *zone;
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is no zone of connection tracking; next: a number from 0 to "
                            "65535, as in ct zone set",
                            text));
}

Result<MarkMatch> parse_mark(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto value = number_of<std::uint32_t>(text.substr(0, slash));
    const auto mask = slash == std::string_view::npos
                          ? std::optional{UINT32_MAX}
                          : number_of<std::uint32_t>(text.substr(slash + 1));
    if (!value || !mask)
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no mark of a connection; next: a number of 32 bits, with "
                                "a mask if only some bits count: 0x10/0xf0",
                                text));
    if ((*value & ~*mask) != 0)
        return fail(ErrorCode::invalid,
                    fmt::format("no mark matches '{}': the value {:#x} has bits that are not in "
                                "the mask {:#x}; next: a value within the mask",
                                text, *value, *mask));
    return MarkMatch{*value, *mask};
}

Result<ConnectionFilter> ConnectionFilter::make(std::span<const std::string> zones,
                                                std::span<const std::string> marks) {
    ConnectionFilter filter;
    for (const std::string& text : zones) {
        TRY_ASSIGN(const std::uint16_t zone, parse_zone(text));
        filter.zones_.push_back(zone);
    }
    std::ranges::sort(filter.zones_);
    for (const std::string& text : marks) {
        TRY_ASSIGN(const MarkMatch mark, parse_mark(text));
        filter.marks_.push_back(mark);
    }
    return filter;
}

bool ConnectionFilter::is_listed(const Entry& entry) const noexcept {
    if (!zones_.empty() && !std::ranges::binary_search(zones_, zone_of(entry))) return false;
    return marks_.empty() || std::ranges::any_of(marks_, [&](const MarkMatch& match) {
               return (entry.mark & match.mask) == match.value;
           });
}

bool ConnectionFilter::is_disjoint(const ConnectionFilter& other) const {
    const auto has_no_common_zone = [&] {
        return std::ranges::none_of(zones_, [&](std::uint16_t zone) {
            return std::ranges::binary_search(other.zones_, zone);
        });
    };
    if (!zones_.empty() && !other.zones_.empty() && has_no_common_zone()) return true;
    if (marks_.empty() || other.marks_.empty()) return false;
    return std::ranges::none_of(marks_, [&](const MarkMatch& mark) {
        return std::ranges::any_of(other.marks_,
                                   [&](const MarkMatch& one) { return overlaps(mark, one); });
    });
}

}  // namespace octroi::conntrack
