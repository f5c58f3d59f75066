// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "app/option_rows.hpp"
#include "app/session.hpp"
#include "config/same_bytes.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/file_import.hpp"
#include "service/late_identities.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

struct ImportCommand {
    ImportCommand(Command& command, const Importer& importer) : meter(importer.default_meter) {
        command.operands("FILE", files, importer.command.file_help)
            .text("--meter", meter,
                  fmt::format("Name of the meter for the imported traffic (default: {})", meter),
                  "NAME")
            .choice("--role", role, {"bill", "witness"},
                    "bill: the traffic is charged. witness: it is only kept for comparison")
            .texts("--local", local, "More local networks, in addition to the declared ones",
                   "PREFIX");
        options.emplace(command, importer.command.options);
    }
    std::vector<std::string> files;
    std::string meter;
    std::string role = "bill";
    std::vector<std::string> local;
    std::optional<OptionRows> options;
};

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

// What the new statements of who held an address change in traffic that was there before, and the
// other way round.
Status rebook_late(Session& session, const Config& config, Ledger& ledger) {
    TRY_ASSIGN(const bool is_new, has_new_pairs(ledger));
    if (!is_new) return {};
    auto owned = open_ledger(session, OpenMode::read_write, "octroi import", "rebook");
    // The daemon, or octroi rebook, rebooks now: a daemon does this too, and else the next import.
    if (!owned && owned.error().code == ErrorCode::conflict) return {};
    if (!owned) return std::unexpected(owned.error());
    TRY_ASSIGN(const auto summary,
               rebook_late_identities(**owned, config, session.clock().now(), stop_requested));
    if (summary) log_info(text_of_late_identities(*summary));
    return {};
}

// Lines that state who held an address count no traffic: the table shows 0 bytes for them.
void log_statements(const std::vector<ImportedFile>& files) {
    for (const ImportedFile& f : files)
        if (f.identities > 0)
            log_info(fmt::format("{}: {} new statement{} of who held an address", f.file,
                                 f.identities, f.identities == 1 ? "" : "s"));
}

Result<ExitStatus> import(Session& session, const ImportCommand& command, const MeterKind& kind,
                          const Importer& importer) {
    TRY_ASSIGN(const OptionValues values, command.options->values());
    TRY_ASSIGN(const Config* config, session.config());
    catch_stop_signals();
    ImportSettings settings{
        .meter = {command.meter, std::string(kind.name),
                  command.role == "witness" ? MeterRole::witness : MeterRole::bill, kind.layer},
        .cursor_prefix = importer.cursor_prefix,
        .open =
            [&](const std::string& file, std::span<const Cursor> known) {
                return importer.open({file, values, known, config->exporters});
            },
        .progress = report_progress,
        .stop_requested = stop_requested,
        .kinds = session.kinds()};
    if (is_witness_by_precedence(*config, command.meter)) settings.meter.role = MeterRole::witness;
    TRY_ASSIGN(settings.local, of_option("--local", parse_prefixes(command.local)));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create));
    TRY_ASSIGN(auto outcome,
               import_files(command.files, settings, *config, *ledger, session.clock()));
    show_progress("");
    // After a failure too: the files before it are in the ledger.
    TRY(session.print(outcome_report(outcome.files)));
    log_statements(outcome.files);
    if (outcome.failure) return std::unexpected(*std::move(outcome.failure));
    TRY(rebook_late(session, *config, *ledger));
    const bool all_complete =
        std::ranges::all_of(outcome.files, [](const ImportedFile& f) { return f.warning.empty(); });
    return all_complete ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace

void add_import(const Command& app, Session& session) {
    Command imports = app.sub(
        "import", "Add the content of files to the ledger, once, however often a file is imported");
    imports.needs_sub();
    for (const MeterKind* kind : session.kinds()) {
        for (const Importer& importer : kind->importers) {
            Command sub = imports.sub(importer.command.noun, importer.command.help);
            auto command = std::make_shared<ImportCommand>(sub, importer);
            sub.does([&session, command, kind, &importer] {
                return import(session, *command, *kind, importer);
            });
        }
    }
}

}  // namespace octroi
