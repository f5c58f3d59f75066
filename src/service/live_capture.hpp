// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Live capture meters as the configuration or the command line wants them.

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "host/capture.hpp"
#include "meter/capture/live_meter.hpp"
#include "record/directory.hpp"

namespace octroi {

// The interfaces that are metered when none is named. not_found: there is none.
[[nodiscard]] Result<std::vector<std::string>> default_interfaces(
    const std::vector<Interface>& present);

// config.interfaces must name them. known: cursors of this meter.
[[nodiscard]] Result<std::unique_ptr<capture::LiveMeter>> open_live_meter(
    const MeterConfig& config, CaptureHost& host, std::span<const Cursor> known);

// The networks of this machine's interfaces, loopback left out: what is ours unless somebody
// declares it.
[[nodiscard]] std::vector<LocalNetwork> networks_of(const std::vector<Interface>& present);

}  // namespace octroi
