// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/file_import.hpp"

#include <fmt/format.h>

#include <optional>

#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/attribution.hpp"
#include "service/metering.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

// What became of one file.
struct Outcome {
    std::string file;
    std::string state;  // "imported", "continued", "already imported", "stopped"
    std::uint64_t frames = 0;
    Volume volume;
    std::uint64_t batches = 0;
    std::string warning;
};

constexpr Duration progress_interval = Duration::milliseconds(200);

class FileImport {
public:
    FileImport(Session& session, const ImportOptions& options, const ImportKind& kind,
               Ledger& ledger, const AttributionTables& tables)
        : session_(session), options_(options), kind_(kind), ledger_(ledger), tables_(tables) {}

    Result<Outcome> import(const std::string& file) {
        TRY_ASSIGN(const auto known, ledger_.cursors(kind_.cursor_prefix));
        std::vector<Cursor> cursors;
        for (const auto& entry : known) cursors.push_back(entry.cursor);
        TRY_ASSIGN(const auto meter, kind_.open(file, cursors));
        TRY(refuse_another_meters(file, *meter, known));
        Outcome outcome{.file = file, .state = meter->resumed_at() > 0 ? "continued" : "imported"};
        if (meter->already_complete()) {
            outcome.state = "already imported";
            log_info(
                fmt::format("{}: already imported as {}: nothing to add", file, meter->known_as()));
            return outcome;
        }
        if (meter->resumed_at() > 0)
            log_info(
                fmt::format("{}: goes on behind frame {}", file, count_text(meter->resumed_at())));
        TRY(run(*meter, outcome));
        outcome.frames = meter->frames();
        outcome.warning = meter->warning();
        return outcome;
    }

private:
    // A file's bytes stand once: the meter that began a file is the one that has it.
    Status refuse_another_meters(const std::string& file, const file::OnceMeter& meter,
                                 const std::vector<Store::MeterCursor>& known) const {
        for (const auto& entry : known) {
            if (entry.cursor.source != meter.source() || entry.meter == options_.meter) continue;
            return fail(
                ErrorCode::conflict,
                fmt::format(
                    "{} was imported through meter {} ({}); through {} it would be counted twice. "
                    "To go on with it: --meter {}",
                    file, entry.meter, entry.cursor.note, options_.meter, entry.meter));
        }
        return {};
    }

    Status run(file::OnceMeter& meter, Outcome& outcome) {
        const MeterName name{options_.meter, std::string(kind_.meter_kind),
                             options_.role == "witness" ? MeterRole::witness : MeterRole::bill};
        Metering metering(name, meter, tables_, session_.clock());
        for (bool ended = false; !ended;) {
            const Result<Pull> pull = metering.pull(progress_interval);
            report_progress(meter);
            ended = !pull || *pull == Pull::end;
            if (!ended && *pull != Pull::checkpoint && !metering.full()) continue;
            TRY(commit(metering, outcome));
            // What was read before the error stands in the ledger: standard input cannot be given
            // again.
            if (!pull) return std::unexpected(pull.error());
            if (!ended && stop_requested()) {
                outcome.state = "stopped";
                return {};
            }
        }
        return {};
    }

    Status commit(Metering& metering, Outcome& outcome) {
        TRY_ASSIGN(const Batch batch, metering.make_batch());
        if (batch.cursors.empty()) return {};  // nothing was read
        TRY_ASSIGN([[maybe_unused]] const CommitOutcome done, ledger_.commit(batch));
        outcome.volume += batch.observed;
        ++outcome.batches;
        return {};
    }

    void report_progress(const file::OnceMeter& meter) {
        const Duration now = session_.clock().uptime();
        if (now - shown_at_ < progress_interval) return;
        shown_at_ = now;
        const std::string share =
            meter.size() > 0 ? share_text(meter.position(), meter.size()) + ", " : "";
        show_progress(fmt::format("importing: {}{} frames", share, count_text(meter.frames())));
    }

    Session& session_;
    const ImportOptions& options_;
    const ImportKind& kind_;
    Ledger& ledger_;
    const AttributionTables& tables_;
    Duration shown_at_;
};

Report outcome_report(const std::vector<Outcome>& outcomes) {
    Report report;
    report.columns = {{.key = "file", .title = "File"},
                      {.key = "state", .title = "State"},
                      {.key = "frames", .title = "Frames", .kind = ColumnKind::count},
                      {.key = "packets", .title = "Packets", .kind = ColumnKind::packets},
                      {.key = "bytes", .title = "Bytes", .kind = ColumnKind::bytes},
                      {.key = "batches", .title = "Batches", .kind = ColumnKind::count}};
    for (const Outcome& o : outcomes)
        report.rows.push_back({.cells = {o.file, o.state, o.frames, o.volume.packets.value(),
                                         o.volume.bytes.value(), o.batches}});
    return report;
}

// One after the other, until one fails or the user stops. What was done before is told all the
// same.
Result<ExitStatus> import_each(Session& session, const ImportOptions& options, FileImport& import) {
    std::vector<Outcome> outcomes;
    ExitStatus status = ExitStatus::done;
    std::optional<Error> failure;
    for (const std::string& file : options.files) {
        auto outcome = import.import(file);
        show_progress("");
        if (!outcome) {
            failure = std::move(outcome.error());
            break;
        }
        if (!outcome->warning.empty()) {
            log_info(fmt::format("{}: {}", file, outcome->warning));
            status = ExitStatus::failed;
        }
        const bool stopped = outcome->state == "stopped";
        outcomes.push_back(*std::move(outcome));
        if (!stopped) continue;
        failure = Error{ErrorCode::interrupted,
                        "stopped; what was read is in the ledger. Import again to go on"};
        break;
    }
    TRY(session.print(outcome_report(outcomes)));
    if (failure) return std::unexpected(*std::move(failure));
    return status;
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
    TRY_ASSIGN(const Config* loaded, session.config());
    Config config = *loaded;
    for (const std::string& text : options.local) {
        TRY_ASSIGN(config.attribute.local.emplace_back(), parse_prefix(text));
    }
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::create));
    TRY(keep_configured_classes(config, *ledger, session.clock().now()));
    TRY_ASSIGN(const auto attribution,
               AttributionSource::create(config, *ledger, private_networks()));
    if (attribution.assumed())
        log_info(
            "no network is declared local: taking private addresses as ours (--local, octroi "
            "network add)");
    FileImport import(session, options, kind, *ledger, attribution.tables());
    return import_each(session, options, import);
}

}  // namespace octroi
