// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <deque>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/counters_request.hpp"
#include "service/meter_reports.hpp"
#include "service/meter_states.hpp"
#include "service/usage_state.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    bool losses = false;
    bool counters = false;
    struct KindReport {
        const MeterKind* kind;
        const MeterReport* report;
        bool wanted = false;
    };
    std::deque<KindReport> reports;  // the parser keeps addresses of its elements
};

Result<ExitStatus> show_counters(Session& session) {
    TRY_ASSIGN(const std::string ledger, session.ledger_path());
    TRY_ASSIGN(auto rows, ask_counters(ledger));
    const Audience audience = session.machine_format() ? Audience::machines : Audience::people;
    TRY(session.print(counters_report(std::move(rows), audience)));
    return ExitStatus::done;
}

Status show_report(Session& session, const MeterKind& kind, const MeterReport& report) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Report made,
               make_meter_report(kind, report, *config, *ledger, path, session.clock().now()));
    return session.print(made);
}

// Before the first commit of a daemon there is nothing to show yet.
Status explain_absence(Session& session, Report& report) {
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const Zone zone, session.zone());
    const std::string coming = coming_figures(path, config->ledger, std::nullopt, zone);
    if (!coming.empty()) report.when_empty = coming;
    return {};
}

// Each of these options asks for another table.
Status check_choice(const Options& options) {
    std::vector<std::string_view> wanted;
    if (options.losses) wanted.emplace_back("--losses");
    if (options.counters) wanted.emplace_back("--counters");
    for (const auto& each : options.reports)
        if (each.wanted) wanted.emplace_back(each.report->flag);
    if (wanted.size() < 2) return {};
    return fail(ErrorCode::invalid,
                fmt::format("{}: each prints a table of its own. Next: give one of them",
                            fmt::join(wanted, ", ")));
}

Result<ExitStatus> show(Session& session, const Options& options) {
    TRY(check_choice(options));
    if (options.counters) return show_counters(session);
    for (const auto& [kind, report, wanted] : options.reports) {
        if (!wanted) continue;
        TRY(show_report(session, *kind, *report));
        return ExitStatus::done;
    }
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    if (options.losses) {
        TRY_ASSIGN(const Interval period, session.period());
        TRY_ASSIGN(const auto lost, ledger->losses(period));
        TRY(session.print(losses_report(lost)));
    } else {
        TRY_ASSIGN(const auto meters, ledger->meters());
        TRY_ASSIGN(const ExcludedVolumes excluded,
                   interruptible([&] { return excluded_volumes(*ledger); }));
        Report report = meters_report(meters, session.clock().now(), excluded);
        if (meters.empty()) TRY(explain_absence(session, report));
        TRY_ASSIGN(const std::string path, session.ledger_path());
        add_meter_states(ask_meter_states(path), report);
        TRY(session.print(report));
    }
    return ExitStatus::done;
}

}  // namespace

void add_meters(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    Command command = app.sub(
        "meters", "State of each meter: last traffic, time since the last commit, totals, losses");
    command.flag("--losses", options->losses, "List the losses: traffic that the meters missed");
    for (const MeterKind* kind : session.kinds()) {
        for (const MeterReport& report : kind->reports) {
            auto& added = options->reports.emplace_back(kind, &report);
            command.flag(report.flag, added.wanted, report.help);
        }
    }
    command.flag("--counters", options->counters,
                 "Counters of the running daemon since its start (docs/counters.md)");
    command
        .text("--since", session.options.since,
              "For --losses: a period (yesterday, 2026-10) or its begin (-7d)", "TIME")
        .text("--until", session.options.until,
              "For --losses: end of the period (default: as for usage)", "TIME")
        .does([&session, options] { return show(session, *options); });
}

}  // namespace octroi
