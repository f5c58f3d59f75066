// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Files sent to another collector as flows: `octroi export`.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "meter/file/once_meter.hpp"
#include "service/flow_export.hpp"

namespace octroi {

struct FileExport {
    ExportCounts counts;
    std::vector<std::string> warnings;  // of files that are not complete: "x.pcap: ends in …"
};

// Sends the readings of the files in their order, as a probe would have sent them at the time: the
// export time of a message is that of the last packet or record so far. An error ends the export;
// messages that were sent before it stay sent. stop_requested: asked some times a second.
[[nodiscard]] Result<FileExport> export_files(
    const std::vector<std::string>& files,
    const std::function<Result<std::unique_ptr<file::OnceMeter>>(const std::string& file)>& open,
    const ExportSettings& settings, const Clock& clock,
    const std::function<bool()>& stop_requested);

}  // namespace octroi
