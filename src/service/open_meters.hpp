// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meters of a daemon: how they are opened.

#include <string>
#include <vector>

#include "config/config.hpp"
#include "host/capture.hpp"
#include "ledger/store.hpp"
#include "meter/kind.hpp"
#include "service/meter_supervisor.hpp"

namespace octroi {

// The start-up notices of the kinds of these meters. Fails where a meter cannot be opened on this
// machine whatever the ledger holds: an interface that does not exist.
[[nodiscard]] Result<std::vector<std::string>> overview_notices(
    const std::vector<MeterConfig>& configs, MeterKinds kinds, CaptureHost& host);

// Which meters must be open when the run begins.
enum class AtStart {
    all_open,   // each of them
    some_open,  // those that this machine can have now; the others are opened later
    only_rest,  // each of them, without the start-up notices of the kinds
};

// Opens the meters in their order, each with the exports that `file` configures for it, and logs
// the start-up notices of meters and kinds. A meter's place in the list, from 1 on, is its
// observation domain in exports. Files of meters stand in state_folder. Store and host must outlive
// the meters.
//
// Takes the inherited sockets (host/datagrams.hpp) and gives them to the first meter that claims
// them, also when it is opened again. They are closed with the last of these meters.
//
// Errors with all_open: that of the first meter that cannot be opened. With some_open: invalid (the
// configuration of a meter is wrong), and that of the first meter where none could be opened,
// unless something that it needs does not exist yet (not_found). only_rest: as all_open, and the
// meters only post what they counted before (MeterSetup::only_rest).
[[nodiscard]] Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                                           const Config& file, MeterKinds kinds,
                                                           CaptureHost& host, Store& store,
                                                           const std::string& state_folder,
                                                           AtStart at_start);

}  // namespace octroi
