// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "config/config.hpp"
#include "meter/normalize/flow_policy.hpp"

namespace octroi::normalize {

// The policy that the rows [[exporter]] state; its other values are the defaults.
[[nodiscard]] FlowPolicy policy_of_rows(std::span<const ExporterConfig> rows);

}  // namespace octroi::normalize
