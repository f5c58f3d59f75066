// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What `octroi meters --exporters` and `--interfaces` print.

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
// The names that exporters give their interfaces, and whom each is bound to at the time.
[[nodiscard]] Report interfaces_report(const std::vector<MeterExporters>& meters,
                                       const Directory& directory, UtcTime now);

}  // namespace octroi::collector
