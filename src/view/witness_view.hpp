// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ledger/witness.hpp"
#include "record/report.hpp"

namespace octroi {

// `octroi audit --witnesses`.
[[nodiscard]] Report witness_report(const std::vector<WitnessRow>& rows);

}  // namespace octroi
