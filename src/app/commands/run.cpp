// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/option_rows.hpp"
#include "host/log.hpp"
#include "host/privilege.hpp"
#include "host/stop.hpp"
#include "service/daemon.hpp"
#include "service/local_networks.hpp"
#include "service/open_meters.hpp"
#include "service/run_total.hpp"
#include "view/limit.hpp"
#include "view/usage_view.hpp"

namespace octroi {
namespace {

// One screen; `octroi usage` shows all rows.
constexpr std::size_t hosts_shown = 40;

struct Options {
    std::vector<std::string> local;
    std::string run_for;
};

void log_start(const AttributionSource& attribution, const std::string& ledger,
               const std::optional<Duration>& run_for) {
    std::string networks;
    for (const LocalNetwork& network : attribution.networks())
        networks += (networks.empty() ? "" : ", ") + network.prefix;
    log_info(fmt::format("local:    {}{}", networks.empty() ? "nothing" : networks,
                         attribution.assumed() ? " (the networks of the interfaces)" : ""));
    log_info(fmt::format("ledger:   {}", ledger));
    log_info(run_for ? fmt::format("ends in {}, or with Ctrl-C", to_string(*run_for))
                     : "ends with Ctrl-C");
}

Status print_end(Session& session, const RunTotal& total, UtcTime began) {
    const auto usage = total.usage();
    if (!usage) {
        log_info(usage.error().text);
        return {};
    }
    TRY_ASSIGN(const Zone zone, session.zone());
    TRY_ASSIGN(const Units units, session.units());
    Report report = run_report(*usage, {began, session.clock().now()}, zone, units);
    const bool for_people =
        !session.options.json && !session.options.ndjson && !session.options.csv;
    if (for_people) limit_rows(report, hosts_shown);
    return session.print(report);
}

// Metering does not depend on the socket: without it, signals still work.
std::unique_ptr<ControlServer> open_control(const std::string& ledger, const Clock& clock) {
    auto server = ControlServer::open(ledger, clock);
    if (server) return *std::move(server);
    log_warning(fmt::format("{}. Commands such as octroi reload cannot reach this daemon",
                            server.error().text));
    return nullptr;
}

Result<ExitStatus> run(Session& session, const Options& options, const OptionRows& meter_options) {
    TRY_ASSIGN(const Config* loaded, session.config());
    Config config = *loaded;
    TRY_ASSIGN(const auto local, parse_prefixes(options.local));
    config.attribute.local.insert(config.attribute.local.end(), local.begin(), local.end());
    DaemonOptions daemon{.commit_interval = config.ledger.commit_interval,
                         .stop_requested = stop_requested};
    if (!options.run_for.empty()) {
        TRY_ASSIGN(daemon.run_for, parse_duration(options.run_for));
    }
    SystemCaptureHost host;
    TRY_ASSIGN(const auto present, host.interfaces());
    const MeterKinds kinds = session.kinds();
    TRY_ASSIGN(const OptionValues given, meter_options.given_values());
    const auto configs = meters_to_run(config, session.option_table(), default_kind(kinds), given);
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create, "octroi run"));
    TRY(keep_configured_classes(config, *ledger, session.clock().now()));
    TRY_ASSIGN(auto attribution, AttributionSource::create(config, *ledger, networks_of(present)));
    catch_stop_signals();
    raise_open_file_limit();
    TRY_ASSIGN(auto meters, open_meters(configs, config.exports, kinds, host, *ledger,
                                        std::filesystem::path(path).parent_path()));
    log_start(attribution, path, daemon.run_for);

    const auto control = open_control(path, session.clock());
    daemon.control = control.get();

    RunTotal total;
    const UtcTime began = session.clock().now();
    daemon.networks = [&] {
        const auto now = host.interfaces();
        return now ? networks_of(*now) : std::vector<LocalNetwork>();
    };
    daemon.committed = [&](const Batch& batch) { total.add(batch); };
    const Status outcome =
        run_daemon(std::move(meters), *ledger, attribution, session.clock(), daemon);
    TRY(print_end(session, total, began));
    TRY(outcome);
    return ExitStatus::done;
}

}  // namespace

void add_run(const Command& app, Session& session) {
    Command command = app.sub(
        "run", "Meter the traffic of this machine. Without configuration: all physical interfaces");
    auto meter_options =
        std::make_shared<OptionRows>(command, default_kind(session.kinds()).run_options);
    auto options = std::make_shared<Options>();
    command.text("--for", options->run_for, "Stop after this time: 10s, 5m, 1h …", "DURATION")
        .texts("--local", options->local, "More local networks, in addition to the declared ones",
               "PREFIX")
        .does(
            [&session, options, meter_options] { return run(session, *options, *meter_options); });
}

}  // namespace octroi
