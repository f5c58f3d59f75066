// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens the meter of [[meter]] with kind = "log".

#include "meter/kind.hpp"
#include "meter/log/log_readings.hpp"

namespace octroi::logs {

// What the options say about readings, of meters and of imports.
[[nodiscard]] LogReadingsOptions readings_options(const OptionValues& values,
                                                  logline::LineLayer layer);
// As MeterKind::open, of meters of server logs and of logs of packets.
[[nodiscard]] Result<OpenedMeter> open_server_logs(MeterSetup& setup);
[[nodiscard]] Result<OpenedMeter> open_packet_logs(MeterSetup& setup);

}  // namespace octroi::logs
