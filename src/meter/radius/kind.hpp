// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::radius_meter {

// The row of the kind "radius": docs/identities.md.
extern const MeterKind kind;

}  // namespace octroi::radius_meter
