// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/quantity.hpp"
#include "base/result.hpp"

namespace octroi {

// Parses "64 MiB", "1GB", "512 B": a whole number and a unit (B; kB MB GB TB by 1000; KiB MiB GiB
// TiB by 1024), with or without a space. A number without a unit is refused, as in durations.
[[nodiscard]] Result<Bytes> parse_size(std::string_view text);

}  // namespace octroi
