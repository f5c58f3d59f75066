// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::dhcp {

// The row of the kind "leases": docs/identities.md.
extern const MeterKind kind;

}  // namespace octroi::dhcp
