// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace octroi::bench {

// `octroi_bench ledger [options]`; the process's exit status.
int ledger(std::span<const char* const> arguments);

}  // namespace octroi::bench
