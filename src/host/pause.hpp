// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/time.hpp"

namespace octroi {

// Waits for that time, at most a minute. A signal ends the wait.
void pause_for(Duration time);

}  // namespace octroi
