// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/run_meters.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "host/log.hpp"
#include "host/privilege.hpp"
#include "host/stop.hpp"
#include "service/attribution.hpp"
#include "service/class_refresh.hpp"
#include "service/class_refresh_thread.hpp"
#include "service/config_check.hpp"
#include "service/control.hpp"
#include "service/counters_request.hpp"
#include "service/daemon.hpp"
#include "service/found_sources.hpp"
#include "service/health.hpp"
#include "service/late_identities.hpp"
#include "service/ledger_url.hpp"
#include "service/local_networks.hpp"
#include "service/log_settings.hpp"
#include "service/meter_states.hpp"
#include "service/meters_of_run.hpp"
#include "service/metrics_listener.hpp"
#include "service/open_meters.hpp"
#include "service/precedence.hpp"
#include "service/reload.hpp"
#include "service/retention.hpp"
#include "service/unconfigured_meter.hpp"

namespace octroi {
namespace {

void log_start(const AttributionSource& attribution, const std::string& uplinks,
               const RunSettings& settings) {
    const std::string assumed = uplinks.empty()
                                    ? " (the networks of the interfaces)"
                                    : fmt::format(
                                          " (the networks of the interfaces; of {}, which has the "
                                          "default route, only the own addresses)",
                                          uplinks);
    std::string networks;
    for (const LocalNetwork& network : attribution.networks())
        networks += (networks.empty() ? "" : ", ") + network.prefix;
    log_info(fmt::format("local:    {}{}", networks.empty() ? "nothing" : networks,
                         attribution.assumed() ? assumed : ""));
    log_info(fmt::format("ledger:   {}", without_passwords(settings.ledger_path)));
    log_info(settings.run_for
                 ? fmt::format("ends in {}, or with Ctrl-C", to_string(*settings.run_for))
                 : "ends with Ctrl-C");
    // Who names interfaces on the command line has something else in mind.
    if (settings.config.meters.empty() &&
        !settings.meter_options.contains(default_kind(settings.kinds).instead_option))
        log_found_sources(settings.kinds, settings.config_file);
}

// Null where the socket cannot be opened: metering does not depend on it, and signals still work.
std::unique_ptr<ControlServer> open_control(const std::string& ledger, const Clock& clock) {
    auto server = ControlServer::open(ledger, clock);
    if (server) return *std::move(server);
    log_warning(fmt::format("{}. octroi reload cannot reach this daemon; send SIGHUP instead",
                            server.error().text));
    return nullptr;
}

// Null: the configuration wants no listener.
Result<std::unique_ptr<HttpServer>> open_metrics(const MetricsConfig& config,
                                                 const MetricsSources& sources) {
    if (config.listen.empty()) return nullptr;
    TRY_ASSIGN(auto server, listen_for_scrapes(config.listen, sources));
    log_info(fmt::format("metrics:  /metrics, /healthz and /readyz at {}", server->name()));
    return server;
}

HostNetworks present_networks(CaptureHost& host) {
    const auto present = host.interfaces();
    return present ? networks_of(*present) : HostNetworks();
}

// sources and reload must outlive the server.
void add_questions(ControlServer& control, const MetricsSources& sources, Reload& reload) {
    add_counters_request(control, sources);
    add_meters_request(control, sources.board, sources.clock);
    reload.answer_at(control);
}

// What a configured meter lacks may come while the daemon runs. What the command line names is
// there, or a mistake.
bool may_come_later(const RunSettings& settings, const Error& error) {
    return error.code == ErrorCode::not_found &&
           !is_unconfigured(settings.config, settings.kinds, settings.meter_options);
}

// "a, b", and which do not run; the errors of those follow in the log.
void log_meters(std::span<const DaemonMeter> meters) {
    std::string open;
    std::string closed;
    for (const DaemonMeter& meter : meters) {
        std::string& list = meter.meter != nullptr ? open : closed;
        list += (list.empty() ? "" : ", ") + meter.name.name;
    }
    const std::string running = fmt::format("meters:   {}", open.empty() ? "none runs" : open);
    if (closed.empty())
        log_info(running);
    else
        log_warning(fmt::format("{}; not running, tried again: {}", running, closed));
}

}  // namespace

Status check_run(const RunSettings& settings, CaptureHost& host) {
    TRY(check_config(settings.config));
    TRY(check_rules(settings.config));
    const auto notices = overview_notices(meters_of_run(settings, default_kind(settings.kinds)),
                                          settings.kinds, host);
    if (notices || may_come_later(settings, notices.error())) return {};
    return std::unexpected(notices.error());
}

namespace {

// A source that hangs delays the start of the meters for so long.
constexpr Duration first_classes_wait = Duration::seconds(5);

// The first table of a ledger is read before the first batch; later ones while the meters run.
Status read_first_classes(const RunSettings& settings, Ledger& ledger, UtcTime now) {
    if (!has_class_source(settings.config)) return {};
    TRY_ASSIGN(const std::string version, ledger.current_class_version());
    if (!version.empty()) return {};
    // A failure of the source was logged: the thread tries it again, for the configured time.
    TRY(refresh_classes({settings.config, settings.ledger_path, {}, first_classes_wait}, ledger,
                        now));
    return {};
}

Result<AttributionSource> open_attribution(const RunSettings& settings, Ledger& ledger,
                                           const HostNetworks& networks, UtcTime now) {
    TRY(read_first_classes(settings, ledger, now));
    TRY_ASSIGN(auto attribution,
               AttributionSource::create(settings.config, ledger, networks.local));
    TRY_ASSIGN(auto duplicates, put_precedence(settings.config, settings.kinds, ledger, now));
    attribution.use_duplicates(std::move(duplicates));
    return attribution;
}

// The settings, board and clock must outlive the thread.
ClassRefreshThread::Parts class_refresh_parts(const RunSettings& settings, CounterBoard& board,
                                              const Clock& clock) {
    return {[&settings] { return open_ledger(settings.ledger_path, settings.ledger_options); },
            settings.ledger_path, board, clock};
}

// Before the meters are open: without handlers a signal would end the process at once. The reload
// handler comes second, because it replaces the one of SIGHUP.
void catch_signals() {
    catch_stop_signals();
    catch_reload_signal();
}

LateIdentityThread::Open another_connection(const RunSettings& settings) {
    return [&settings](const LedgerOptions& wanted) {
        LedgerOptions options = settings.ledger_options;
        options.mode = wanted.mode;
        options.owner = wanted.owner;
        options.activity = wanted.activity;
        return open_ledger(settings.ledger_path, options);
    };
}

// configs: the meters that were opened.
Result<RunOutcome> meter_until_end(const RunSettings& settings, Ledger& ledger, CaptureHost& host,
                                   std::vector<MeterConfig>& configs) {
    const Clock& clock = host.clock();
    const Config& config = settings.config;
    set_daemon_log(config.log, settings.log_level);
    TRY_ASSIGN(const auto present, host.interfaces());
    TRY(put_configured_classes(config, ledger, clock.now()));
    const HostNetworks host_networks = networks_of(present);
    TRY_ASSIGN(auto attribution, open_attribution(settings, ledger, host_networks, clock.now()));
    TRY(attribution.use_identities(ledger, clock.now() - sessions_loaded));
    catch_signals();
    raise_open_file_limit();
    CounterBoard board;
    board.on_config_loaded(clock.now());
    const MetricsSources sources{board,
                                 clock,
                                 settings.kinds,
                                 settings.version,
                                 settings.ledger_path,
                                 stalled_after(config.ledger)};
    // Listens before the meters are open: /readyz names the part that is not ready.
    TRY_ASSIGN(const auto scrapes, open_metrics(config.metrics, sources));
    TRY_ASSIGN(auto running, open_meters_of_run(settings, host, ledger));
    configs = running.configs;
    log_meters(running.meters);

    std::optional<ClassRefreshThread> class_refresh;
    RunOutcome outcome;
    std::function<void()> serve;  // needs the daemon that calls it
    Daemon daemon(std::move(running.meters), ledger, attribution, board, clock,
                  {.commit_interval = config.ledger.commit_interval,
                   .run_for = settings.run_for,
                   .stop_requested = stop_requested,
                   .committed = [&](const Batch& batch) { outcome.total.add(batch); },
                   .networks = [&] { return present_networks(host); },
                   .between_commits = [&] { serve(); }});
    LateIdentityThread late_identities(another_connection(settings), config, clock);
    Reload reload(config, {.read = settings.read_config,
                           .config_file = settings.config_file,
                           .table = settings.table,
                           .attribution = attribution,
                           .board = board,
                           .clock = clock,
                           .apply = [&](const Config& next) {
                               daemon.post_tables();
                               daemon.set_commit_interval(next.ledger.commit_interval);
                               late_identities.set_config(next);
                               set_daemon_log(next.log, settings.log_level);
                               if (class_refresh) class_refresh->configure(next);
                               settings.apply_config(next);
                           }});
    // After `reload`, so that it ends first: it calls it.
    const auto control = open_control(settings.ledger_path, clock);
    if (control != nullptr) add_questions(*control, sources, reload);
    serve = [&] {
        if (reload_requested()) static_cast<void>(reload.run());  // it logs its outcome
        if (control != nullptr) control->step();
    };
    log_start(attribution, host_networks.uplinks, settings);
    class_refresh.emplace(config, class_refresh_parts(settings, board, clock));
    const CompactionThread compaction(
        [&] { return open_ledger(settings.ledger_path, settings.ledger_options); },
        [&](UtcTime now) {
            return retention_of(config.ledger, settings.ledger_options.day_of, now);
        },
        clock);
    outcome.period.begin = clock.now();
    outcome.status = daemon.run();
    outcome.period.end = clock.now();
    return outcome;
}

}  // namespace

Result<RunOutcome> run_meters(const RunSettings& settings, Ledger& ledger, CaptureHost& host) {
    std::vector<MeterConfig> configs;
    auto outcome = meter_until_end(settings, ledger, host, configs);
    end_unconfigured(settings, configs, ledger, host, [&](const Batch& batch) {
        if (outcome) outcome->total.add(batch);
    });
    return outcome;
}

}  // namespace octroi
