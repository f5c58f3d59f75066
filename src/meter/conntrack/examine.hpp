// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi doctor` for meters of connections.

#include "meter/kind.hpp"
#include "wire/conntrack/flowtable.hpp"

namespace octroi::conntrack {

// The settings of the kernel and its flowtables, in this network namespace. meters: as of
// MeterKind::examine.
[[nodiscard]] std::vector<Finding> examine(std::span<const MeterConfig* const> meters);
// What a flowtable hides from the counters of connections; nullopt: nothing.
[[nodiscard]] std::optional<Finding> hidden_traffic(const Flowtable& flowtable);

}  // namespace octroi::conntrack
