// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The rows of this folder in the table of meter kinds.

#include "meter/kind.hpp"

namespace octroi::counters {

extern const MeterKind interfaces_kind;
extern const MeterKind wireguard_kind;
extern const MeterKind listed_kind;

}  // namespace octroi::counters
