// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/retention.hpp"
#include "view/ledger_facts_view.hpp"

namespace octroi {
namespace {

Result<ExitStatus> show_ledger(Session& session, bool growth) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const LedgerOptions options, ledger_options(session, OpenMode::read_only));
    TRY_ASSIGN(const Config* config, session.config());
    const Retention retention = retention_of(config->ledger, options.day_of, session.clock().now());
    TRY_ASSIGN(const LedgerFacts facts, interruptible([&] { return ledger->facts(retention); }));
    TRY_ASSIGN(const Zone zone, session.zone());
    TRY_ASSIGN(const Units units, session.units());
    TRY(session.print(growth ? growth_report(facts) : facts_report(facts, zone, units)));
    return ExitStatus::done;
}

Status show_backup(const Query::BackupProgress& progress) {
    show_progress(fmt::format("backup: {} of {}", share_text(progress.octets, progress.total),
                              bytes_text(progress.total, Units::iec)));
    if (stop_requested()) return fail(ErrorCode::interrupted, "backup: stopped, and removed");
    return {};
}

Result<ExitStatus> back_up(Session& session, const std::string& file) {
    catch_stop_signals();
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY(ledger->backup(file, show_backup));
    return ExitStatus::done;
}

bool show_compaction(const CompactionProgress& progress) {
    show_progress(fmt::format("compacting: {} batches, {} rows became {}",
                              count_text(progress.batches), count_text(progress.removed),
                              count_text(progress.added)));
    return !stop_requested();
}

// The days that a ledger keeps in full may change; those that were compacted stay compacted.
Result<ExitStatus> compact(Session& session) {
    TRY_ASSIGN(const LedgerOptions options, ledger_options(session, OpenMode::read_write));
    TRY_ASSIGN(const Config* config, session.config());
    const UtcTime now = session.clock().now();
    const Retention retention = retention_of(config->ledger, options.day_of, now);
    if (retention == Retention{})
        return fail(ErrorCode::invalid,
                    "the ledger keeps all transfers for ever, so there is nothing to compact; "
                    "next: set keep_fine or keep_hours in [ledger] of the configuration");
    catch_stop_signals();
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_write));
    TRY_ASSIGN(const auto done, ledger->compact(retention, now, show_compaction));
    show_progress("");
    if (stop_requested())
        return fail(ErrorCode::interrupted,
                    "stopped before the end; the ledger is sound, and the next compaction goes on");
    Report report;
    report.columns = {{"batches", "Batches", ColumnKind::count},
                      {"removed", "Rows removed", ColumnKind::count},
                      {"added", "Sums added", ColumnKind::count}};
    report.rows.push_back({.cells = {done.batches, done.removed, done.added}});
    TRY(session.print(report));
    return ExitStatus::done;
}

Result<ExitStatus> rebuild(Session& session) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_write));
    TRY(ledger->rebuild_sums());
    return ExitStatus::done;
}

}  // namespace

void add_ledger(const Command& app, Session& session) {
    auto growth = std::make_shared<bool>(false);
    Command ledger =
        app.sub("ledger", "Size of the ledger, its rows, its growth a day; copy it to a backup");
    ledger
        .flag("--growth", *growth,
              "List the days with their batches, transfers and approximate size")
        .does([&session, growth] { return show_ledger(session, *growth); });
    auto file = std::make_shared<std::string>();
    ledger.sub("backup", "Copy the ledger as it is now to a new file, also while the daemon runs")
        .operand("FILE", *file, "The new file. It must not exist")
        .does([&session, file] { return back_up(session, *file); });
    ledger
        .sub("compact",
             "Replace transfers older than [ledger] keep_fine by sums by hour, and sums by hour "
             "older than keep_hours by sums by day, also while the daemon runs")
        .does([&session] { return compact(session); });
    ledger
        .sub("rebuild",
             "Make the sums by day again that make questions fast, if an audit says "
             "that they differ")
        .does([&session] { return rebuild(session); });
}

}  // namespace octroi
