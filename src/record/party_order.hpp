// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sorts many parties. The texts of a million addresses of one owner are long and begin alike, so
// that comparing them costs most of the time. A radix sort by eight octets at a time is faster.

#include <cstdint>
#include <span>
#include <vector>

#include "record/transfer.hpp"

namespace octroi {

// Sorts `order`, indices of `parties`, by operator< of the parties. Stable.
void sort_parties(std::span<const Party> parties, std::vector<std::uint32_t>& order);

}  // namespace octroi
