// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/option_rows.hpp"
#include "app/version.hpp"
#include "host/log.hpp"
#include "service/detach_meters.hpp"
#include "service/run_meters.hpp"
#include "service/unconfigured_meter.hpp"
#include "view/usage_view.hpp"

namespace octroi {
namespace {

// As many as fit on a screen. `octroi usage` shows all.
constexpr std::size_t hosts_shown = 40;

struct Options {
    std::vector<std::string> local;
    std::string run_for;
    bool detach_kernel = false;
    bool drop_counts = false;
};

Status print_end(Session& session, const RunOutcome& outcome) {
    const auto usage = outcome.total.usage(session.machine_format() ? 0 : hosts_shown);
    if (!usage) {
        log_warning(usage.error().text);
        return {};
    }
    TRY_ASSIGN(const Zone zone, session.zone());
    TRY_ASSIGN(const Units units, session.units());
    const UsageReports reports = run_reports(*usage, outcome.period, zone, units);
    return session.print(reports.tables, reports.rows);
}

// The configuration with the networks of --local.
Result<Config> with_local(Result<Config> config, const std::vector<Prefix>& local) {
    if (!config) return config;
    auto& networks = config->attribute.local;
    networks.insert(networks.end(), local.begin(), local.end());
    return config;
}

void log_removed(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) log_info("removed: " + line);
    if (lines.empty()) log_info("no meter has left anything in the kernel");
}

// An error while a daemon of these meters runs: it would attach its programs again.
Result<ExitStatus> detach_kernel(Session& session, const RunSettings& settings, bool drops_counts) {
    const auto meters = possible_meters(settings.config, settings.table, settings.kinds);
    if (drops_counts || !have_counts_in_kernel(meters, settings.kinds)) {
        TRY_ASSIGN(const auto lines, drops_counts ? drop_from_kernel(meters, settings.kinds)
                                                  : remove_without_counts(meters, settings.kinds));
        log_removed(lines);
        return ExitStatus::done;
    }
    const auto ledger = open_ledger(session, OpenMode::read_write, "octroi run");
    if (!ledger)
        return fail(ledger.error().code,
                    fmt::format("{}; nothing was removed from the kernel, because its last counts "
                                "could not be posted (--drop-counts removes them unread)",
                                ledger.error().text));
    SystemCaptureHost host;
    TRY_ASSIGN(const auto lines, detach_meters(settings, meters, **ledger, host, {}));
    log_removed(lines);
    return ExitStatus::done;
}

Result<ExitStatus> run(Session& session, const Options& options, const OptionRows& meter_options) {
    if (options.drop_counts && !options.detach_kernel)
        return fail(ErrorCode::invalid, "--drop-counts: it belongs to --detach-kernel");
    // A reload keeps the networks of the command line.
    TRY_ASSIGN(const auto local, of_option("--local", parse_prefixes(options.local)));
    RunSettings settings{.version = std::string(version),
                         .log_level = session.options.log_level,
                         .config_file = session.config_path(),
                         .kinds = session.kinds(),
                         .table = session.option_table(),
                         .read_config = [&] { return with_local(session.read_config(), local); },
                         .apply_config = [&](const Config& config) { session.set_config(config); }};
    if (!options.run_for.empty()) {
        TRY_ASSIGN(settings.run_for, of_option("--for", parse_duration(options.run_for)));
    }
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(settings.config, with_local(*config, local));
    TRY_ASSIGN(settings.meter_options, meter_options.given_values());
    TRY_ASSIGN(settings.ledger_path, session.ledger_path());
    TRY_ASSIGN(settings.ledger_options, ledger_options(session, OpenMode::read_write));
    if (options.detach_kernel) return detach_kernel(session, settings, options.drop_counts);
    SystemCaptureHost host;
    TRY(check_run(settings, host));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create, "octroi run"));
    TRY_ASSIGN(const RunOutcome outcome, run_meters(settings, *ledger, host));
    // After a failure too: the traffic until then is in the ledger.
    TRY(print_end(session, outcome));
    TRY(outcome.status);
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
        .flag("--detach-kernel", options->detach_kernel,
              "Only post the last counts of meters in the kernel, remove them from there, and end")
        .flag("--drop-counts", options->drop_counts,
              "With --detach-kernel: remove also counts that are not in the ledger yet")
        .does(
            [&session, options, meter_options] { return run(session, *options, *meter_options); });
}

}  // namespace octroi
