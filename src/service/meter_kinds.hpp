// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi {

// The meter kinds of the product: the only list. main() hands it to the program.
[[nodiscard]] MeterKinds meter_kinds();

}  // namespace octroi
