// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::accounting {

extern const MeterKind kind;

}  // namespace octroi::accounting
