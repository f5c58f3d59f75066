// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "meter/collector/socket_drops.hpp"

namespace octroi::collector {

// The content of a snapshot file: the state of a collector between two messages.
struct Snapshot {
    std::string exporters;           // exporter::Exporters::save()
    std::string normalizer;          // normalize::FlowNormalizer::save()
    std::vector<SocketDrops> drops;  // SocketLosses::reported()
};

// Reuses the memory of its texts: they can be large.
[[nodiscard]] std::string encode(Snapshot&& snapshot);
// Errors: not_found, corrupt, those of files.
[[nodiscard]] Result<Snapshot> read_snapshot(const std::string& path);

}  // namespace octroi::collector
