// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::capture {

// For `octroi doctor`: the privileges of live capture, the interfaces of this machine, and
// forwarding between them.
[[nodiscard]] std::vector<Finding> examine(std::span<const MeterConfig* const> meters);

}  // namespace octroi::capture
