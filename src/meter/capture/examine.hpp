// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "meter/kind.hpp"

namespace octroi::capture {

// How wrong figures are where segments are merged. Headers of 52 to 72 octets (IPv4 or IPv6, TCP
// with timestamps) of each packet of 1500 but one.
inline constexpr std::string_view merged_effect =
    "packets of a download then count as one in up to 45, and its bytes up to 3.4 % (IPv4) or 4.8 "
    "% "
    "(IPv6) too low";

// For `octroi doctor`: the privileges of live capture, the interfaces of this machine, and
// forwarding between them.
[[nodiscard]] std::vector<Finding> examine(std::span<const MeterConfig* const> meters);

}  // namespace octroi::capture
