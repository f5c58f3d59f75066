// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens the meter of [[meter]] with kind = "log".

#include "meter/kind.hpp"
#include "meter/log/log_readings.hpp"

namespace octroi::logs {

// What the options say about readings, of meters and of imports.
[[nodiscard]] LogReadingsOptions readings_options(const OptionValues& values);
// As MeterKind::open.
[[nodiscard]] Result<OpenedMeter> open_follow(MeterSetup& setup);

}  // namespace octroi::logs
