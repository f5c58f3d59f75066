// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Computes fields from values that steps have written (Work): times, sampling rate, ICMP type and
// code, and the record of the reverse direction.

#include "wire/ipfix/run.hpp"

namespace octroi::ipfix {

// Sets first and last of the record, and of work.reverse if there is a reverse direction.
void finish_times(const Plan& plan, const Origin& origin, Work& work,
                  flow::FlowRecord& record) noexcept;

// Does the rest of plan.finish, but for the reverse record.
void finish_fields(const Plan& plan, Work& work, flow::FlowRecord& record) noexcept;

// Makes the record of the reverse direction: that of `forward` with its ends exchanged, with counts
// and other values of work.reverse. False: nothing was counted in that direction; `out` is not
// written.
[[nodiscard]] bool make_reverse(const Plan& plan, const Work& work, const flow::FlowRecord& forward,
                                flow::FlowRecord& out) noexcept;

}  // namespace octroi::ipfix
