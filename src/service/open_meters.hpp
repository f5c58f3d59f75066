// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meters of a daemon: how they are opened.

#include <string>
#include <vector>

#include "config/config.hpp"
#include "host/capture.hpp"
#include "ledger/store.hpp"
#include "meter/kind.hpp"
#include "service/daemon.hpp"

namespace octroi {

// The start-up notices of the kinds of these meters. Fails where a meter cannot be opened on this
// machine whatever the ledger holds: an interface that does not exist.
[[nodiscard]] Result<std::vector<std::string>> overview_notices(
    const std::vector<MeterConfig>& configs, MeterKinds kinds, CaptureHost& host);

// Opens the meters in their order, each with the exports that `file` configures for it, and logs
// the start-up notices of meters and kinds. A meter's place in the list, from 1 on, is its
// observation domain in exports. Files of meters stand in state_folder. The host must outlive the
// meters. only_rest: as MeterSetup::only_rest, without the notices of the kinds.
[[nodiscard]] Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                                           const Config& file, MeterKinds kinds,
                                                           CaptureHost& host, Store& store,
                                                           const std::string& state_folder,
                                                           bool only_rest = false);

}  // namespace octroi
