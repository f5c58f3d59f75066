// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/server_gaps.hpp"

#include <iterator>
#include <utility>

#include "config/same_bytes.hpp"
#include "record/identity.hpp"

namespace octroi {
namespace {

Result<std::vector<ServerGapRow>> gaps_of(Query& ledger, const LoggedServer& server,
                                          const Interval& period,
                                          const std::vector<UtcTime>& steps) {
    std::vector<CarriedSums> carried;
    for (const std::string& identity : server.identities) {
        TRY_ASSIGN(auto sums, ledger.sums(carried_question(identity, period, steps)));
        carried.push_back({identity, std::move(sums)});
    }
    TRY_ASSIGN(const auto logged, ledger.sums(logged_question(server.log, period, steps)));
    return server_gap_rows(server, carried, logged);
}

}  // namespace

Result<std::vector<LoggedServer>> logged_servers(const Config& config) {
    std::vector<LoggedServer> servers;
    for (const MeterConfig& meter : config.meters) {
        if (!meter.options.contains(addresses_option) ||
            meter.options.texts(addresses_option).empty())
            continue;
        LoggedServer server{.log = meter.name, .services = meter.options.texts(services_option)};
        for (const std::string& text : meter.options.texts(addresses_option)) {
            TRY_ASSIGN(const Identity identity, parse_identity(text));
            server.identities.push_back(identity_text(identity));
        }
        servers.push_back(std::move(server));
    }
    return servers;
}

Result<std::vector<ServerGapRow>> server_gaps(Query& ledger,
                                              const std::vector<LoggedServer>& servers,
                                              const Interval& period,
                                              const std::vector<UtcTime>& steps) {
    std::vector<ServerGapRow> rows;
    TRY(ledger.snapshot([&]() -> Status {
        for (const LoggedServer& server : servers) {
            TRY_ASSIGN(auto found, gaps_of(ledger, server, period, steps));
            std::move(found.begin(), found.end(), std::back_inserter(rows));
        }
        return {};
    }));
    return rows;
}

Result<std::vector<GapShare>> server_gap_shares(Query& ledger,
                                                const std::vector<LoggedServer>& servers,
                                                const Interval& period,
                                                const std::vector<UtcTime>& steps) {
    std::vector<GapShare> shares;
    TRY(ledger.snapshot([&]() -> Status {
        for (const LoggedServer& server : servers) {
            TRY_ASSIGN(const auto gaps, gaps_of(ledger, server, period, steps));
            TRY_ASSIGN(const auto logged,
                       ledger.sums(logged_names_question(server.log, period, steps)));
            auto found = gap_shares(gaps, logged);
            std::move(found.begin(), found.end(), std::back_inserter(shares));
        }
        return {};
    }));
    return shares;
}

}  // namespace octroi
