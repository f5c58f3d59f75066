// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace octroi {

// 128 random bits. The producer of a batch makes them before its first attempt to commit and keeps
// them for every retry, so that a store recognises a batch it has committed (record/batch.hpp).
struct BatchId {
    std::array<std::uint8_t, 16> octets{};
    constexpr auto operator<=>(const BatchId&) const noexcept = default;
};

// Lower-case hexadecimal, two digits for each octet.
[[nodiscard]] std::string to_hex(std::string_view octets);
[[nodiscard]] std::string to_string(const BatchId& id);

}  // namespace octroi
