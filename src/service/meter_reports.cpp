// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_reports.hpp"

#include <algorithm>
#include <filesystem>

#include "service/known_meter.hpp"

namespace octroi {
namespace {

// With each of their cursors.
Result<std::vector<KnownMeter>> known_meters(const MeterKind& kind, const Config& config,
                                             Store& ledger) {
    TRY_ASSIGN(auto all, ledger.cursors(kind.cursor_prefix));
    const auto cursors = newest_cursors(std::move(all));
    const auto configured = meters_of(kind, config.meters);
    std::vector<KnownMeter> meters;
    for (const auto& entry : cursors) {
        const auto found = std::ranges::find(configured, entry.meter, &MeterConfig::name);
        meters.push_back({entry.meter, found == configured.end() ? nullptr : *found, entry.cursor});
    }
    return meters;
}

}  // namespace

Result<Report> make_meter_report(const MeterKind& kind, const MeterReport& report,
                                 const Config& config, Ledger& ledger,
                                 const std::string& ledger_path, UtcTime now) {
    TRY_ASSIGN(const Directory directory, ledger.directory());
    TRY_ASSIGN(const auto meters, known_meters(kind, config, ledger));
    return report.make({meters, std::filesystem::path(ledger_path).parent_path(), directory, now,
                        config.exporters});
}

}  // namespace octroi
