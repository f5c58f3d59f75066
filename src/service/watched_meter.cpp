// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/watched_meter.hpp"

#include "service/empty_directory_store.hpp"
#include "service/local_networks.hpp"
#include "service/unconfigured_meter.hpp"

namespace octroi {

Result<WatchedMeter> open_watched_meter(const Config& config, MeterKinds kinds,
                                        const OptionTable& table, const OptionValues& given,
                                        const Result<std::unique_ptr<Ledger>>& ledger,
                                        CaptureHost& host) {
    if (!ledger && ledger.error().code != ErrorCode::not_found)
        return std::unexpected(ledger.error());
    EmptyDirectoryStore no_ledger;
    DirectoryStore& directory_store = ledger ? static_cast<DirectoryStore&>(**ledger) : no_ledger;
    TRY_ASSIGN(const auto present, host.interfaces());
    TRY_ASSIGN(const auto attribution,
               AttributionSource::create(config, directory_store, networks_of(present).local));
    const MeterKind& kind = default_kind(kinds);
    const auto meters = meters_to_run({}, table, kinds, kind, given);
    std::vector<Fd> sockets;
    MeterSetup setup{meters.front(), {}, {}, sockets, host, host.clock()};
    TRY_ASSIGN(auto opened, kind.open(setup));
    return WatchedMeter{std::move(opened),
                        {"top", std::string(kind.name), MeterRole::witness},
                        attribution.tables()};
}

}  // namespace octroi
