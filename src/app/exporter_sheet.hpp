// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What `octroi meters --exporters` prints.

#include <string>
#include <vector>

#include "view/sheet.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi {

struct MeterExporters {
    std::string meter;
    std::vector<exporter::ExporterStatus> exporters;
};

[[nodiscard]] Sheet exporters_sheet(const std::vector<MeterExporters>& meters);

}  // namespace octroi
