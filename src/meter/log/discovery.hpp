// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The logs of this machine as sections of the configuration, for `octroi init --logs`.

#include "meter/kind.hpp"

namespace octroi::logs {

// As Discovery::find.
[[nodiscard]] FoundSources discover_logs(const DiscoverySetup& setup);

}  // namespace octroi::logs
