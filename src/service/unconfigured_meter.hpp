// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which meters run, and where none is configured: the kind that costs least, of those that this
// machine can have and that do everything that is asked for.

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/option.hpp"
#include "meter/kind.hpp"

namespace octroi {

// given, here and below: values of run options from the command line. They are of default_kind()
// (MeterKind::run_options), and other kinds can have options of the same keys.

// No meter is configured, or `given` replaces the configured ones.
[[nodiscard]] bool is_unconfigured(const Config& config, MeterKinds kinds,
                                   const OptionValues& given);

struct UnconfiguredMeter {
    const MeterKind* kind = nullptr;  // never null
    std::string why;                  // a sentence without its full stop
};

// In the order of the table, the first kind that has no obstacle, and an option for each value that
// is given; default_kind() where there is none, or where flows are exported, which it alone reads.
// A kind with the name of a configured meter is left out: both would own the same place in the
// kernel.
[[nodiscard]] UnconfiguredMeter choose_unconfigured(MeterKinds kinds, const Config& config,
                                                    const OptionValues& given);

// The configured meters; or where is_unconfigured(), one of the kind `unconfigured` with its name.
// The given values replace those of meters of default_kind() and of the unconfigured meter.
[[nodiscard]] std::vector<MeterConfig> meters_to_run(const Config& config, const OptionTable& table,
                                                     MeterKinds kinds,
                                                     const MeterKind& unconfigured,
                                                     const OptionValues& given);

// The configured meters, and one of each kind that choose_unconfigured() can return.
[[nodiscard]] std::vector<MeterConfig> possible_meters(const Config& config,
                                                       const OptionTable& table, MeterKinds kinds);

}  // namespace octroi
