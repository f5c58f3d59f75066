// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/anchor.hpp"

namespace octroi {

// The output of `octroi audit --heads` that was kept in a file. invalid: it contains no head.
[[nodiscard]] Result<std::vector<ChainHead>> read_heads_file(const std::string& file);

}  // namespace octroi
