// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "base/time.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

// When the traffic of a record was seen, by our clock.
struct RecordTimes {
    UtcTime first;
    UtcTime last;
    bool is_late = false;      // it came over TCP after more than FlowPolicy::skew
    bool was_moved = false;    // by the error of the exporter's clock
    bool was_invalid = false;  // the times were impossible: both are the receive time
};

// since: the end of the record before, for running totals; the difference is about the time after
// it. The result is never more than FlowPolicy::skew after the receive time, and never longer than
// 24 hours. Without times in the record, both are the receive time.
[[nodiscard]] RecordTimes times_of(const FlowPolicy& policy, const flow::MessageContext& context,
                                   const flow::FlowRecord& record,
                                   const std::optional<UtcTime>& since);

}  // namespace octroi::normalize
