// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace octroi::bench {

// `octroi_bench logs`: bench/README.md. Returns the exit status.
[[nodiscard]] int logs(std::span<const char* const> arguments);

}  // namespace octroi::bench
