// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// AS numbers as people write them: "64500" or "AS64500".

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

// RFC 6793: stands for any number that a field of 16 bits (NetFlow v5) cannot hold.
inline constexpr std::uint32_t as_trans = 23456;

[[nodiscard]] Result<std::uint32_t> parse_as_number(std::string_view text);

}  // namespace octroi
