// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// AS numbers in text: "64500" or "AS64500".

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

[[nodiscard]] Result<std::uint32_t> parse_as_number(std::string_view text);

}  // namespace octroi
