// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `[[export]]`: what a running meter reads is booked, and sent on as flows.

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "host/clock.hpp"
#include "meter/meter.hpp"

namespace octroi {

// The meter itself where nothing is exported of it; else one that hands each reading to the
// attribution first, then to the exports. What cannot be sent is counted and said, and never holds
// up the meter. domain: the number of the meter's place. The clock must outlive it.
[[nodiscard]] Result<std::unique_ptr<Meter>> with_exports(const std::vector<ExportConfig>& exports,
                                                          const std::string& meter_name,
                                                          std::uint32_t domain,
                                                          std::unique_ptr<Meter> meter,
                                                          const Clock& clock);

}  // namespace octroi
