// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meter of `octroi top`, which writes to no ledger.

#include "config/config.hpp"
#include "host/capture.hpp"
#include "ledger/ledger.hpp"
#include "meter/kind.hpp"
#include "service/attribution.hpp"

namespace octroi {

struct WatchedMeter {
    OpenedMeter opened;
    MeterName name;
    AttributionTables tables;
};

// Opens one meter of the kind that runs unconfigured, with `given` from the command line; the
// configured meters stay out. Accounts, classes and networks are those of the configuration and of
// the ledger, as when the ledger was opened; a ledger that does not exist (not_found) has none.
// Errors: those of the ledger and of the meter. The host must outlive the meter.
[[nodiscard]] Result<WatchedMeter> open_watched_meter(const Config& config, MeterKinds kinds,
                                                      const OptionTable& table,
                                                      const OptionValues& given,
                                                      const Result<std::unique_ptr<Ledger>>& ledger,
                                                      CaptureHost& host);

}  // namespace octroi
