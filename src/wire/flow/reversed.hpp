// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// The other direction of the connection: its ends are exchanged, and what describes one direction
// only (counts, times, flags…) is absent. It is traffic, and `reverse` is set.
[[nodiscard]] FlowRecord reversed(const FlowRecord& record) noexcept;

}  // namespace octroi::flow
