// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Elements 23 and 24 (OUT_BYTES, OUT_PKTS) beside elements 1 and 2. Most exporters count the same
// traffic there, where it left the router; some probes count the other direction of the connection
// (docs/flow-exports.md lists makers).

#include "wire/flow/flow_record.hpp"

namespace octroi::flow {

// Whether the out counters look like those of the other direction. The same traffic cannot leave
// without coming in, and its packets keep their size, about; it may lose some on its way. Of
// multicast, more packets leave than come in.
[[nodiscard]] bool out_is_reverse(const FlowRecord& record) noexcept;

// The other direction, with the out counters of the record. It must have some.
[[nodiscard]] FlowRecord out_direction(const FlowRecord& record) noexcept;

}  // namespace octroi::flow
