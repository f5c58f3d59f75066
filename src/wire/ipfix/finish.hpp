// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What makes fields of a record out of values that are none by themselves: times in their many
// forms, sampling, ICMP, and the record of the other direction.

#include "wire/ipfix/run.hpp"

namespace octroi::ipfix {

// Sets first and last, of the record and of work.reverse.
void finish_times(const Plan& plan, const Origin& origin, Work& work,
                  flow::FlowRecord& record) noexcept;

// The rest of plan.finish but the reverse record.
void finish_fields(const Plan& plan, Work& work, flow::FlowRecord& record) noexcept;

// The other direction of `forward`: ends exchanged, counts and what else the record has for it from
// work.reverse. False: nothing was counted in that direction, `out` is not written.
[[nodiscard]] bool make_reverse(const Plan& plan, const Work& work, const flow::FlowRecord& forward,
                                flow::FlowRecord& out) noexcept;

}  // namespace octroi::ipfix
