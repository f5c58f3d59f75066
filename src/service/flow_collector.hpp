// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow collectors as the configuration wants them.

#include <memory>
#include <span>
#include <string>

#include "config/config.hpp"
#include "meter/collector/live_collector.hpp"

namespace octroi {

[[nodiscard]] collector::FlowPolicy flow_policy(const CollectorConfig& config);

// The folder of a collector's journal: the configured one, or beside the ledger.
[[nodiscard]] std::string journal_folder(const std::string& configured, const std::string& ledger,
                                         const std::string& meter);

// ledger: its path; the journal is beside it where the configuration does not say. given: sockets
// of the service manager. known: cursors of this meter.
[[nodiscard]] Result<std::unique_ptr<collector::LiveCollector>> open_flow_collector(
    const MeterConfig& config, const std::string& ledger, std::vector<Fd> given,
    std::span<const Cursor> known, const Clock& clock);

}  // namespace octroi
