// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The functions of `octroi import flow`, `export flow` and `inspect flow`. The row of the collector
// (meter/collector/kind.cpp) refers to them.

#include "meter/kind.hpp"

namespace octroi::flow_file {

[[nodiscard]] Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup);
[[nodiscard]] Result<std::unique_ptr<file::OnceMeter>> open_export(const FileSetup& setup);

[[nodiscard]] std::vector<Column> inspect_columns(const OptionValues& options);
[[nodiscard]] Result<std::string> inspect(const FileSetup& setup, InspectSink& sink);

}  // namespace octroi::flow_file
