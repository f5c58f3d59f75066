// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The reports that meter kinds make of their meters: `octroi meters --exporters` and others.

#include <string>

#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "meter/kind.hpp"

namespace octroi {

// Of all meters of the kind that the ledger has a cursor of, configured now or not. ledger_path:
// the state of meters stands beside the ledger.
[[nodiscard]] Result<Report> make_meter_report(const MeterKind& kind, const MeterReport& report,
                                               const Config& config, Ledger& ledger,
                                               const std::string& ledger_path, UtcTime now);

}  // namespace octroi
