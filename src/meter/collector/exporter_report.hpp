// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The reports of `octroi meters --exporters` and `--interfaces`.

#include <string>
#include <vector>

#include "record/directory.hpp"
#include "record/report.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::collector {

struct MeterExporters {
    std::string meter;
    exporter::Exporters exporters;
};

[[nodiscard]] Report exporters_report(const std::vector<MeterExporters>& meters);
// The names of interfaces in options data, and the account that each is bound to at `now`.
[[nodiscard]] Report interfaces_report(const std::vector<MeterExporters>& meters,
                                       const Directory& directory, UtcTime now);

}  // namespace octroi::collector
