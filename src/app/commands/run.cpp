// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "base/check.hpp"
#include "host/datagrams.hpp"
#include "host/log.hpp"
#include "host/privilege.hpp"
#include "host/stop.hpp"
#include "service/daemon.hpp"
#include "service/live_export.hpp"
#include "service/local_networks.hpp"
#include "service/run_total.hpp"
#include "view/limit.hpp"
#include "view/usage_view.hpp"

namespace octroi {
namespace {

// A screen full; `octroi usage` has the others.
constexpr std::size_t hosts_shown = 40;

struct Options {
    std::vector<std::string> interfaces;
    std::vector<std::string> local;
    std::string run_for;
    std::string filter;
    bool promiscuous = false;
};

// The meters of the configuration, or one of the default kind, or what the command line says.
std::vector<MeterConfig> wanted_meters(const Config& config, const Options& options,
                                       const MeterKind& standing_in) {
    std::vector<MeterConfig> meters = config.meters;
    if (meters.empty() || !options.interfaces.empty()) {
        MeterConfig meter;
        meter.name = standing_in.name;
        meter.kind = standing_in.name;
        meter.interfaces = options.interfaces;
        meters = {meter};
    }
    for (MeterConfig& meter : meters) {
        if (meter.kind != standing_in.name) continue;
        meter.promiscuous = meter.promiscuous || options.promiscuous;
        if (!options.filter.empty()) meter.filter = options.filter;
    }
    return meters;
}

Result<std::vector<Cursor>> cursors_of(const MeterConfig& config, Store& store,
                                       std::string_view source_prefix) {
    TRY_ASSIGN(const auto known, store.cursors(source_prefix));
    std::vector<Cursor> cursors;
    for (const auto& entry : known)
        if (entry.meter == config.name) cursors.push_back(entry.cursor);
    return cursors;
}

Result<DaemonMeter> open_meter(const MeterConfig& config, const MeterKind& kind, Store& store,
                               const std::string& state_folder, std::vector<Fd>& sockets,
                               CaptureHost& host) {
    TRY_ASSIGN(const auto cursors, cursors_of(config, store, kind.cursor_prefix));
    MeterSetup setup{config, cursors, state_folder, sockets, host, host.clock()};
    TRY_ASSIGN(auto opened, kind.open(setup));
    for (const std::string& notice : opened.notices)
        log_info(fmt::format("meter {}: {}", config.name, notice));
    const MeterRole role =
        config.role == RoleChoice::witness ? MeterRole::witness : MeterRole::bill;
    return DaemonMeter{{config.name, config.kind, role}, std::move(opened.meter)};
}

Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                             const std::vector<ExportConfig>& exports,
                                             MeterKinds kinds, CaptureHost& host, Store& store,
                                             const std::string& ledger) {
    std::vector<DaemonMeter> meters;
    std::vector<Fd> sockets = inherited_sockets();
    const std::string state_folder = std::filesystem::path(ledger).parent_path();
    for (const MeterConfig& config : configs) {
        const MeterKind* kind = find_kind(kinds, config.kind);
        CHECK(kind != nullptr);  // the configuration was checked against the same table
        TRY_ASSIGN(DaemonMeter opened,
                   open_meter(config, *kind, store, state_folder, sockets, host));
        const auto domain = static_cast<std::uint32_t>(meters.size() + 1);
        TRY_ASSIGN(opened.meter, with_exports(exports, config.name, domain, std::move(opened.meter),
                                              host.clock()));
        meters.push_back(std::move(opened));
    }
    return meters;
}

// The notices about all meters of each kind together.
Status log_overviews(const std::vector<MeterConfig>& meters, MeterKinds kinds, CaptureHost& host) {
    for (const MeterKind* kind : kinds) {
        std::vector<const MeterConfig*> own;
        for (const MeterConfig& meter : meters)
            if (meter.kind == kind->name) own.push_back(&meter);
        if (own.empty() || kind->overview == nullptr) continue;
        TRY_ASSIGN(const auto notices, kind->overview(own, host));
        for (const std::string& notice : notices) log_info(notice);
    }
    return {};
}

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
    log_warning(
        fmt::format("{}. Requests as octroi reload cannot reach this daemon", server.error().text));
    return nullptr;
}

Result<ExitStatus> run(Session& session, const Options& options) {
    TRY_ASSIGN(const Config* loaded, session.config());
    Config config = *loaded;
    for (const std::string& text : options.local) {
        TRY_ASSIGN(config.attribute.local.emplace_back(), parse_prefix(text));
    }
    DaemonOptions daemon{.commit_interval = config.ledger.commit_interval,
                         .stop_requested = stop_requested};
    if (!options.run_for.empty()) {
        TRY_ASSIGN(daemon.run_for, parse_duration(options.run_for));
    }
    SystemCaptureHost host;
    TRY_ASSIGN(const auto present, host.interfaces());
    const MeterKinds kinds = session.kinds();
    const auto configs = wanted_meters(config, options, default_kind(kinds));
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create, "octroi run"));
    TRY(keep_configured_classes(config, *ledger, session.clock().now()));
    TRY_ASSIGN(auto attribution, AttributionSource::create(config, *ledger, networks_of(present)));
    catch_stop_signals();
    allow_many_files();
    TRY_ASSIGN(auto meters, open_meters(configs, config.exports, kinds, host, *ledger, path));
    TRY(log_overviews(configs, kinds, host));
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
    auto options = std::make_shared<Options>();
    app.sub("run",
            "Meter this machine's traffic into the ledger; with no configuration, everything")
        .texts("-i,--interface", options->interfaces,
               "Meter this interface instead of all physical ones", "NAME")
        .text("--for", options->run_for, "Stop by itself after 10s, 5m, 1h …", "DURATION")
        .texts("--local", options->local, "Networks that are ours, beside those declared", "PREFIX")
        .flag("--promiscuous", options->promiscuous, "Also what is not addressed to this machine")
        .text("--filter", options->filter, "Only what passes, as \"not port 22\" (pcap-filter(7))",
              "TEXT")
        .does([&session, options] { return run(session, *options); });
}

}  // namespace octroi
