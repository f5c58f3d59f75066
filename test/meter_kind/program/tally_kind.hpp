// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::tally {

extern const MeterKind kind;

}  // namespace octroi::tally
