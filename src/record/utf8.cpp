// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/utf8.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace octroi {
namespace {

// One row of the grammar in RFC 3629, section 4: the range of the first octet, that of the second,
// and how many octets the character has. All octets behind the second are 0x80 to 0xBF.
struct Form {
    std::uint8_t first_low;
    std::uint8_t first_high;
    std::uint8_t second_low;
    std::uint8_t second_high;
    std::size_t octets;
};
constexpr std::array forms = {
    Form{0x00, 0x7F, 0x00, 0x00, 1}, Form{0xC2, 0xDF, 0x80, 0xBF, 2},
    Form{0xE0, 0xE0, 0xA0, 0xBF, 3}, Form{0xE1, 0xEC, 0x80, 0xBF, 3},
    Form{0xED, 0xED, 0x80, 0x9F, 3}, Form{0xEE, 0xEF, 0x80, 0xBF, 3},
    Form{0xF0, 0xF0, 0x90, 0xBF, 4}, Form{0xF1, 0xF3, 0x80, 0xBF, 4},
    Form{0xF4, 0xF4, 0x80, 0x8F, 4},
};

bool is_between(char c, std::uint8_t low, std::uint8_t high) noexcept {
    return static_cast<unsigned char>(c) >= low && static_cast<unsigned char>(c) <= high;
}

// Octets of the character at the beginning; 0: none.
std::size_t first_character(std::string_view octets) noexcept {
    for (const Form& form : forms) {
        if (!is_between(octets[0], form.first_low, form.first_high)) continue;
        if (octets.size() < form.octets) return 0;
        if (form.octets > 1 && !is_between(octets[1], form.second_low, form.second_high)) return 0;
        for (std::size_t i = 2; i < form.octets; ++i)
            if (!is_between(octets[i], 0x80, 0xBF)) return 0;
        return form.octets;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view octets) noexcept {
    while (!octets.empty()) {
        const std::size_t length = first_character(octets);
        if (length == 0) return false;
        octets.remove_prefix(length);
    }
    return true;
}

}  // namespace octroi
