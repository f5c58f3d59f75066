// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What of nftables the meter of accounting rules needs, and whether this machine has it.

#include <span>
#include <string>
#include <vector>

#include "host/nftables.hpp"
#include "meter/kind.hpp"

namespace octroi::accounting {

// One finding for what works, or one for each feature that lacks. The kernel checks commands and
// changes nothing. space: network_namespace().
[[nodiscard]] std::vector<Finding> examine_nftables(NftablesHost& host, const std::string& space);

// Of this machine. Without a meter of the kind: nothing.
[[nodiscard]] std::vector<Finding> examine(std::span<const MeterConfig* const> meters);

}  // namespace octroi::accounting
