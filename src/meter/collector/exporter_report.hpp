// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The reports of `octroi meters --exporters` and `--interfaces`.

#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "record/directory.hpp"
#include "record/report.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::collector {

struct MeterExporters {
    std::string meter;
    exporter::Exporters exporters;
};

// rows: [[exporter]]
[[nodiscard]] Report exporters_report(const std::vector<MeterExporters>& meters,
                                      std::span<const ExporterConfig> rows);
// The names of interfaces in the configuration and in options data, and the account that each is
// bound to at `now`.
[[nodiscard]] Report interfaces_report(const std::vector<MeterExporters>& meters,
                                       std::span<const ExporterConfig> rows,
                                       const Directory& directory, UtcTime now);

}  // namespace octroi::collector
