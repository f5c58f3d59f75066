// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/file_import.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/file_import.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

Report outcome_report(const std::vector<ImportedFile>& files) {
    Report report;
    report.columns = {{.key = "file", .title = "File"},
                      {.key = "state", .title = "State"},
                      {.key = "frames", .title = "Frames", .kind = ColumnKind::count},
                      {.key = "packets", .title = "Packets", .kind = ColumnKind::packets},
                      {.key = "bytes", .title = "Bytes", .kind = ColumnKind::bytes},
                      {.key = "batches", .title = "Batches", .kind = ColumnKind::count}};
    for (const ImportedFile& f : files)
        report.rows.push_back(
            {.cells = {f.file, to_string(f.state), f.frames, f.volume.packets.value(),
                       f.volume.bytes.value(), f.batches}});
    return report;
}

void report_progress(const file::OnceMeter& meter) {
    const std::string share =
        meter.size() > 0 ? share_text(meter.position(), meter.size()) + ", " : "";
    show_progress(fmt::format("importing: {}{} frames", share, count_text(meter.frames())));
}

}  // namespace

void add_import_options(Command& command, ImportOptions& options) {
    command
        .text("--meter", options.meter,
              fmt::format("Name of the meter under which the traffic stands (default: {})",
                          options.meter),
              "NAME")
        .choice("--role", options.role, {"bill", "witness"},
                "Whether it is charged, or only kept to compare")
        .texts("--local", options.local, "Networks that are ours, beside those declared", "PREFIX");
}

Result<ExitStatus> import_files(Session& session, const ImportOptions& options,
                                const ImportKind& kind) {
    catch_stop_signals();
    ImportSettings settings{
        .meter = {options.meter, std::string(kind.meter_kind),
                  options.role == "witness" ? MeterRole::witness : MeterRole::bill},
        .cursor_prefix = kind.cursor_prefix,
        .open = kind.open,
        .progress = report_progress,
        .stop_requested = stop_requested};
    TRY_ASSIGN(settings.local, parse_prefixes(options.local));
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(auto outcome,
               import_files(options.files, settings, *config, *ledger, session.clock()));
    show_progress("");
    TRY(session.print(outcome_report(outcome.files)));
    if (outcome.failure) return std::unexpected(*std::move(outcome.failure));
    const bool all_complete = std::all_of(outcome.files.begin(), outcome.files.end(),
                                          [](const ImportedFile& f) { return f.warning.empty(); });
    return all_complete ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace octroi
