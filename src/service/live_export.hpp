// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `[[export]]`: the readings of a running meter are booked, and also sent as flows.

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "host/clock.hpp"
#include "meter/meter.hpp"

namespace octroi {

// Returns the meter itself where no export is configured for it; else a meter that hands each
// reading to the sink first, and then to the exports. Flows that cannot be sent are dropped,
// counted and logged; they never delay the meter. domain: the observation domain of the meter. The
// clock must outlive the meter.
[[nodiscard]] Result<std::unique_ptr<Meter>> with_exports(const std::vector<ExportConfig>& exports,
                                                          const std::string& meter_name,
                                                          std::uint32_t domain,
                                                          std::unique_ptr<Meter> meter,
                                                          const Clock& clock);

}  // namespace octroi
