// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::capture {

// Packets of interfaces, and of capture files.
extern const MeterKind kind;

}  // namespace octroi::capture
