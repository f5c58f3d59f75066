// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/id.hpp"

namespace octroi {

std::string to_hex(std::string_view octets) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(octets.size() * 2);
    for (const char c : octets) {
        const auto octet = static_cast<std::uint8_t>(c);
        text += digits[octet >> 4U];
        text += digits[octet & 15U];
    }
    return text;
}

}  // namespace octroi
