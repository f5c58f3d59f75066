// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens the meter of [[meter]] with kind = "log".

#include "meter/kind.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/time_resolver.hpp"

namespace octroi::logs {

// What the options say about readings, of meters and of imports.
[[nodiscard]] LogReadingsOptions readings_options(const OptionValues& values,
                                                  logline::LineLayer layer);
// The zone that the options state; a log without years has that of its lines. Errors: invalid.
[[nodiscard]] Result<TimeResolver> meter_times(const OptionValues& values);
// As MeterKind::open, of meters of server logs and of logs of packets.
[[nodiscard]] Result<OpenedMeter> open_server_logs(MeterSetup& setup);
[[nodiscard]] Result<OpenedMeter> open_packet_logs(MeterSetup& setup);

}  // namespace octroi::logs
