// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace octroi {

// 128 bits made by the producer before the first attempt to commit (see record/batch.hpp).
struct BatchId {
    std::array<std::uint8_t, 16> octets{};
    constexpr auto operator<=>(const BatchId&) const noexcept = default;
};

// Lower-case hexadecimal, two digits an octet.
[[nodiscard]] std::string to_hex(std::string_view octets);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
[[nodiscard]] std::string to_string(const BatchId& id);

}  // namespace octroi
