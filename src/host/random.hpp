// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/id.hpp"

namespace octroi {

// From the kernel (getrandom(2)). Aborts if the kernel has no randomness to give.
[[nodiscard]] std::uint64_t random_seed();
[[nodiscard]] BatchId random_batch_id();

}  // namespace octroi
