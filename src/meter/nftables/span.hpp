// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The values that an accounting rule matches, as intervals of numbers: an address, a port, an
// interface name and a MAC address are all numbers of up to 128 bits.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace octroi::accounting {

__extension__ using Number = unsigned __int128;

// Both ends included.
struct Span {
    Number first = 0;
    Number last = 0;

    [[nodiscard]] bool is_single() const noexcept { return first == last; }
    bool operator==(const Span&) const = default;
};

// Sorted, and no two overlap or touch. Empty: any value.
using Spans = std::vector<Span>;

// In the order in which they stand in a concatenation.
enum class Field : std::uint8_t {
    in_interface,   // 16 octets, filled with 0
    out_interface,  // the same
    mac,
    source,
    destination,
    protocol,
    source_port,
    destination_port,
    icmp_type,
    uid,
};
inline constexpr std::size_t field_count = 10;
using FieldValues = std::array<Spans, field_count>;

[[nodiscard]] constexpr std::size_t index_of(Field field) noexcept {
    return static_cast<std::size_t>(field);
}

// Sorts and merges.
inline void normalize(Spans& spans) {
    std::ranges::sort(spans, {}, &Span::first);
    Spans merged;
    for (const Span& span : spans) {
        const bool touches = !merged.empty() && (span.first <= merged.back().last ||
                                                 span.first == merged.back().last + 1);
        if (touches)
            merged.back().last = std::max(merged.back().last, span.last);
        else
            merged.push_back(span);
    }
    spans = std::move(merged);
}

// Whether a value is in both.
[[nodiscard]] inline bool overlap(const Spans& a, const Spans& b) noexcept {
    if (a.empty() || b.empty()) return true;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i].last < b[j].first)
            ++i;
        else if (b[j].last < a[i].first)
            ++j;
        else
            return true;
    }
    return false;
}

}  // namespace octroi::accounting
