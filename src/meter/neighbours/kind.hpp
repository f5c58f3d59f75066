// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::neighbours {

// The row of the kind "neighbours": docs/identities.md.
extern const MeterKind kind;

}  // namespace octroi::neighbours
