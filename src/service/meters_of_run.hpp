// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meters of a run: chosen, opened, and removed from the kernel after the run where nobody has
// configured them.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "service/meter_supervisor.hpp"
#include "service/run_meters.hpp"

namespace octroi {

// The folder for files of meters.
[[nodiscard]] std::string state_folder_of(const RunSettings& settings);

// `unconfigured`: the kind of the meter that runs where none is configured.
[[nodiscard]] std::vector<MeterConfig> meters_of_run(const RunSettings& settings,
                                                     const MeterKind& unconfigured);

struct RunningMeters {
    std::vector<MeterConfig> configs;
    std::vector<DaemonMeter> meters;
};

// The configured meters, as open_meters() opens them with AtStart::some_open. Where nothing is
// configured: the meter that costs least, or if it cannot be opened after all, one of the default
// kind. Logs which one, and why. Host and ledger must outlive the meters.
//
// Before another kind runs instead, what the first one left in the kernel is removed. If the ledger
// knows the meter, its last counts are posted first; errors: those of detach_meters(), and then the
// counts stay in the kernel.
[[nodiscard]] Result<RunningMeters> open_meters_of_run(const RunSettings& settings,
                                                       CaptureHost& host, Ledger& ledger);

// After the meters have ended. Something that nobody has configured does not stay in the kernel:
// the rest of its counts is posted, and it is removed. If that fails it stays, with a warning.
void end_unconfigured(const RunSettings& settings, std::span<const MeterConfig> configs,
                      Ledger& ledger, CaptureHost& host,
                      const std::function<void(const Batch&)>& committed);

}  // namespace octroi
