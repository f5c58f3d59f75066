// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::conntrack {

// The connections that the kernel tracks: the row of this kind.
extern constinit const MeterKind kind;

}  // namespace octroi::conntrack
