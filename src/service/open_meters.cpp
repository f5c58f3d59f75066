// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/open_meters.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "host/datagrams.hpp"
#include "host/log.hpp"
#include "service/known_meter.hpp"
#include "service/live_export.hpp"

namespace octroi {
namespace {

struct KnownCursors {
    std::vector<Cursor> own;
    std::vector<OtherCursor> others;
};

Result<KnownCursors> cursors_of(const MeterConfig& config, Store& store,
                                std::string_view cursor_prefix) {
    TRY_ASSIGN(auto all, store.cursors(cursor_prefix));
    KnownCursors cursors;
    for (auto& entry : newest_cursors(std::move(all))) {
        if (entry.meter == config.name)
            cursors.own.push_back(std::move(entry.cursor));
        else if (is_content_source(entry.cursor.source))
            cursors.others.push_back({std::move(entry.meter), std::move(entry.cursor)});
    }
    return cursors;
}

Result<DaemonMeter> open_meter(const MeterConfig& config, const MeterKind& kind, Store& store,
                               std::span<const MeterConfig> configured,
                               const std::string& state_folder, const Config& file,
                               std::vector<Fd>& sockets, CaptureHost& host, bool only_rest) {
    TRY_ASSIGN(const KnownCursors cursors, cursors_of(config, store, kind.cursor_prefix));
    TRY_ASSIGN(std::string ledger_id, store.ledger_id());
    MeterSetup setup{
        config,         cursors.own, state_folder,         sockets,        host,       host.clock(),
        cursors.others, configured,  std::move(ledger_id), file.exporters, file.rules, only_rest};
    TRY_ASSIGN(auto opened, kind.open(setup));
    for (const std::string& notice : opened.notices)
        log_info(fmt::format("meter {}: {}", config.name, notice));
    for (const std::string& warning : opened.warnings)
        log_warning(fmt::format("meter {}: {}", config.name, warning));
    const MeterRole role =
        config.role == RoleChoice::witness ? MeterRole::witness : MeterRole::bill;
    return DaemonMeter{{config.name, config.kind, role, kind.layer}, std::move(opened.meter)};
}

}  // namespace

Result<std::vector<std::string>> overview_notices(const std::vector<MeterConfig>& configs,
                                                  MeterKinds kinds, CaptureHost& host) {
    std::vector<std::string> all;
    for (const MeterKind* kind : kinds) {
        const auto own = meters_of(*kind, configs);
        if (own.empty() || kind->overview == nullptr) continue;
        TRY_ASSIGN(const auto notices, kind->overview(own, host));
        all.insert(all.end(), notices.begin(), notices.end());
    }
    return all;
}

Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                             const Config& file, MeterKinds kinds,
                                             CaptureHost& host, Store& store,
                                             const std::string& state_folder, bool only_rest) {
    std::vector<DaemonMeter> meters;
    std::vector<Fd> sockets = inherited_sockets();
    for (const MeterConfig& config : configs) {
        const MeterKind* kind = find_kind(kinds, config.kind);
        CHECK(kind != nullptr);  // the configuration was checked against the same table
        TRY_ASSIGN(DaemonMeter opened, open_meter(config, *kind, store, configs, state_folder, file,
                                                  sockets, host, only_rest));
        // Each meter has an encoder of its own, and sequence numbers count within an observation
        // domain (RFC 7011 section 3.1).
        const auto domain = static_cast<std::uint32_t>(meters.size() + 1);
        TRY_ASSIGN(opened.meter, with_exports(file.exports, config.name, domain,
                                              std::move(opened.meter), host.clock()));
        meters.push_back(std::move(opened));
    }
    if (only_rest) return meters;
    TRY_ASSIGN(const auto notices, overview_notices(configs, kinds, host));
    for (const std::string& notice : notices) log_info(notice);
    return meters;
}

}  // namespace octroi
