// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// No volume is believed only because a meter states it. What no network carries is kept, so that
// every observed byte is in the ledger, but in nobody's figures: it goes to @excluded/implausible.

#include <cstdint>
#include <string_view>

#include "record/batch.hpp"

namespace octroi {

// Of one bucket (5 minutes): 2^50 bytes are 30 Tbit/s, 2^44 packets 58 Gpps. Flows: as packets.
// These are the most that one pair of ends, or one account or address, has in a batch.
inline constexpr std::uint64_t bucket_bytes_max = std::uint64_t{1} << 50U;
inline constexpr std::uint64_t bucket_packets_max = std::uint64_t{1} << 44U;
// The most that all ends of a batch have together in a bucket: 16 times as much.
inline constexpr std::uint64_t network_factor = 16;

inline constexpr std::string_view implausible_reason = "implausible";

// Moves transfers of an observation that exceed a bound to the excluded party: those that do so
// alone; all of an account or address that does so with the sum of its transfers in a bucket; all
// of a bucket that does so. The batch stays sorted, and its sum is the same. Linear, and nothing is
// copied if no bound is exceeded. The sums of the transfers must fit into 64 bits.
void exclude_implausible(Batch& batch);

}  // namespace octroi
