// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The lines of a text that arrives in parts, for the readers of this folder.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace octroi::leases {

// Calls on_line(line, is_cut) for each line that has an end, without that end (LF or CR LF), and
// returns the octets of these lines. If more than octets_max octets have no end, they are a line
// that is cut.
template <typename OnLine>
std::size_t each_line(std::string_view text, std::size_t octets_max, OnLine on_line) {
    std::size_t used = 0;
    while (used < text.size()) {
        const auto end = text.find('\n', used);
        if (end == std::string_view::npos) break;
        std::string_view line = text.substr(used, end - used);
        if (line.ends_with('\r')) line.remove_suffix(1);
        on_line(line.substr(0, octets_max), line.size() > octets_max);
        used = end + 1;
    }
    if (text.size() - used > octets_max) {
        on_line(text.substr(used, octets_max), true);
        used = text.size();
    }
    return used;
}

// Decimal digits only. nullopt: another text, or more than 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || at != end || error != std::errc{}) return std::nullopt;
    return number;
}

}  // namespace octroi::leases
