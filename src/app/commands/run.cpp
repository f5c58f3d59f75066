// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "host/privilege.hpp"
#include "host/stop.hpp"
#include "service/daemon.hpp"
#include "service/flow_collector.hpp"
#include "service/live_capture.hpp"
#include "service/live_export.hpp"
#include "service/run_total.hpp"
#include "view/limit.hpp"
#include "view/usage_view.hpp"

namespace octroi {
namespace {

// A screen full; `octroi usage` has the others.
constexpr std::size_t hosts_shown = 40;

constexpr std::string_view capture_kind = "capture";

struct Options {
    std::vector<std::string> interfaces;
    std::vector<std::string> local;
    std::string run_for;
    std::string filter;
    bool promiscuous = false;
};

// The meters of the configuration, or one for all physical interfaces, or what the command line
// says.
Result<std::vector<MeterConfig>> wanted_meters(const Config& config, const Options& options,
                                               const std::vector<Interface>& present) {
    std::vector<MeterConfig> meters = config.meters;
    if (meters.empty() || !options.interfaces.empty()) {
        MeterConfig meter;
        meter.name = "capture";
        meter.interfaces = options.interfaces;
        meters = {meter};
    }
    for (MeterConfig& meter : meters) {
        if (meter.kind != capture_kind) continue;
        if (meter.interfaces.empty()) {
            TRY_ASSIGN(meter.interfaces, default_interfaces(present));
        }
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

Result<std::unique_ptr<Meter>> open_collector(const MeterConfig& config, Store& store,
                                              const std::string& ledger, std::vector<Fd> given,
                                              const Clock& clock) {
    TRY_ASSIGN(const auto cursors, cursors_of(config, store, collector::journal_source_prefix));
    TRY_ASSIGN(auto meter, open_flow_collector(config, ledger, std::move(given), cursors, clock));
    log_info(
        fmt::format("meter {}: exporters at {}", config.name, fmt::join(meter->listening(), ", ")));
    for (const std::string& notice : meter->notices())
        log_info(fmt::format("meter {}: {}", config.name, notice));
    return meter;
}

Result<std::vector<DaemonMeter>> open_meters(const std::vector<MeterConfig>& configs,
                                             const std::vector<ExportConfig>& exports,
                                             CaptureHost& host, Store& store,
                                             const std::string& ledger) {
    std::vector<DaemonMeter> meters;
    std::vector<Fd> given = inherited_sockets();
    for (const MeterConfig& config : configs) {
        const MeterRole role =
            config.role == RoleChoice::witness ? MeterRole::witness : MeterRole::bill;
        std::unique_ptr<Meter> meter;
        if (config.kind == capture_kind) {
            TRY_ASSIGN(const auto cursors,
                       cursors_of(config, store, capture::interface_source_prefix));
            TRY_ASSIGN(meter, open_live_meter(config, host, cursors));
        } else {
            TRY_ASSIGN(meter,
                       open_collector(config, store, ledger,
                                      std::exchange(given, std::vector<Fd>()), host.clock()));
        }
        const auto domain = static_cast<std::uint32_t>(meters.size() + 1);
        TRY_ASSIGN(meter,
                   with_exports(exports, config.name, domain, std::move(meter), host.clock()));
        meters.push_back({{config.name, config.kind, role}, std::move(meter)});
    }
    return meters;
}

void say_what_is_done(const std::vector<MeterConfig>& meters, const std::vector<Interface>& present,
                      const AttributionSource& attribution, const std::string& ledger,
                      const std::optional<Duration>& run_for) {
    for (const MeterConfig& meter : meters)
        if (meter.kind == capture_kind)
            log_info(fmt::format("meter {}: {}{}{}", meter.name, fmt::join(meter.interfaces, ", "),
                                 meter.promiscuous ? ", promiscuous" : "",
                                 meter.filter.empty() ? "" : ", only " + meter.filter));
    const bool captures = std::any_of(meters.begin(), meters.end(),
                                      [](const MeterConfig& m) { return m.kind == capture_kind; });
    std::string left_out;
    for (const Interface& i : present) {
        const bool metered = std::any_of(meters.begin(), meters.end(), [&](const MeterConfig& m) {
            return std::find(m.interfaces.begin(), m.interfaces.end(), i.name) !=
                   m.interfaces.end();
        });
        if (!metered && captures)
            left_out += fmt::format("{}{}{}", left_out.empty() ? "" : ", ", i.name,
                                    i.why_not.empty() ? "" : " (" + i.why_not + ")");
    }
    if (!left_out.empty()) log_info("left out: " + left_out);
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
    TRY_ASSIGN(const auto configs, wanted_meters(config, options, present));
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create, "octroi run"));
    TRY(keep_configured_classes(config, *ledger, session.clock().now()));
    TRY_ASSIGN(auto attribution, AttributionSource::create(config, *ledger, networks_of(present)));
    catch_stop_signals();
    allow_many_files();
    TRY_ASSIGN(auto meters, open_meters(configs, config.exports, host, *ledger, path));
    say_what_is_done(configs, present, attribution, path, daemon.run_for);

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
