// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The findings of `octroi doctor`: settings of this machine that make figures wrong.

#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "ledger/query.hpp"
#include "meter/kind.hpp"

namespace octroi {

// The clock, and the file system of the ledger.
[[nodiscard]] std::vector<Finding> examine_host(const std::string& ledger_path);

// Losses, with the advice of the meter kinds. period: in which they happened ("the last 24 hours").
[[nodiscard]] std::vector<Finding> examine_losses(std::span<const MeterLoss> losses,
                                                  std::string_view period, MeterKinds kinds);

// The findings of each meter kind.
[[nodiscard]] std::vector<Finding> examine_kinds(const Config& config, MeterKinds kinds);

}  // namespace octroi
