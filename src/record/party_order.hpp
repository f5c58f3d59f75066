// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sorting many parties. A million single addresses of one owner have long texts that begin alike:
// comparing them as wholes costs most of the time, so they are sorted by eight octets at a time.

#include <cstdint>
#include <span>
#include <vector>

#include "record/transfer.hpp"

namespace octroi {

// Puts `order`, places in `parties`, into the order of the parties (operator<). Equal parties: in
// the order in which they were.
void sort_parties(std::span<const Party> parties, std::vector<std::uint32_t>& order);

}  // namespace octroi
