// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace octroi {

// Whether the kernel merges received segments of the interface before a capture sees them (GRO,
// LRO; ethtool(8)). False where it does not say.
[[nodiscard]] bool merges_segments(const std::string& interface);

}  // namespace octroi
