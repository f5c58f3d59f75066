// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/id.hpp"

namespace octroi {

// From the kernel (getrandom(2)). Aborts if the kernel returns none, which happens only in a
// sandbox that forbids the call.
[[nodiscard]] std::uint64_t random_seed();
[[nodiscard]] BatchId random_batch_id();
[[nodiscard]] WriterId random_writer_id();

}  // namespace octroi
