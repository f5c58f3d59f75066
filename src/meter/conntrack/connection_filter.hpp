// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The connections that count, by their zone and their mark. Values; any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

// The zone of the connection: of both directions; else of the original one; else of the reply.
[[nodiscard]] std::uint16_t zone_of(const Entry& entry) noexcept;

// As a rule of nft: ct mark & mask == value.
struct MarkMatch {
    std::uint32_t value = 0;
    std::uint32_t mask = UINT32_MAX;

    bool operator==(const MarkMatch&) const = default;
};

// "7" or "0x7", 0 to 65535. Errors: invalid.
[[nodiscard]] Result<std::uint16_t> parse_zone(std::string_view text);
// "16", "0x10" or "0x10/0xf0", 32 bits. Errors: invalid; also where the value has bits that the
// mask has not, which no mark matches.
[[nodiscard]] Result<MarkMatch> parse_mark(std::string_view text);

class ConnectionFilter {
public:
    // All connections count.
    ConnectionFilter() = default;
    // An empty list permits every zone, or every mark. Errors: as parse_zone(), parse_mark().
    [[nodiscard]] static Result<ConnectionFilter> make(std::span<const std::string> zones,
                                                       std::span<const std::string> marks);

    [[nodiscard]] bool matches(const Entry& entry) const noexcept {
        return (zones_.empty() && marks_.empty()) || is_listed(entry);
    }
    // No connection matches both.
    [[nodiscard]] bool is_disjoint(const ConnectionFilter& other) const;

private:
    [[nodiscard]] bool is_listed(const Entry& entry) const noexcept;

    std::vector<std::uint16_t> zones_;  // sorted
    std::vector<MarkMatch> marks_;
};

}  // namespace octroi::conntrack
