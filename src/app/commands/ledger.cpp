// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "view/ledger_facts_view.hpp"

namespace octroi {
namespace {

Result<ExitStatus> show_ledger(Session& session, bool growth) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const LedgerFacts facts, interruptible([&] { return ledger->facts(); }));
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
}

}  // namespace octroi
