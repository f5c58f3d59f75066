// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "meter/collector/collector.hpp"
#include "meter/collector/kind.hpp"
#include "service/exporter_report.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

struct Options {
    bool losses = false;
    bool exporters = false;
    bool interfaces = false;
};

std::string configured_journal(const Config& config, const std::string& meter) {
    const auto known = std::find_if(config.meters.begin(), config.meters.end(),
                                    [&](const MeterConfig& m) { return m.name == meter; });
    return known == config.meters.end() ? "" : known->collector.journal;
}

Result<std::vector<MeterExporters>> heard_exporters(Session& session, Ledger& ledger) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const std::string path, session.ledger_path());
    TRY_ASSIGN(const auto cursors, ledger.cursors(collector::journal_source_prefix));
    std::vector<MeterExporters> meters;
    for (const auto& entry : cursors) {
        const std::string folder =
            collector::journal_folder(configured_journal(*config, entry.meter),
                                      std::filesystem::path(path).parent_path(), entry.meter);
        auto exporters = collector::exporters_at(folder, entry.cursor);
        if (!exporters) {
            log_info(fmt::format("meter {}: {}", entry.meter, exporters.error().text));
            continue;
        }
        meters.push_back({entry.meter, *std::move(exporters)});
    }
    return meters;
}

Result<ExitStatus> show(Session& session, const Options& options) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    if (options.interfaces) {
        TRY_ASSIGN(const auto meters, heard_exporters(session, *ledger));
        TRY_ASSIGN(const Directory directory, ledger->directory());
        TRY(session.print(interfaces_report(meters, directory, session.clock().now())));
    } else if (options.exporters) {
        TRY_ASSIGN(const auto meters, heard_exporters(session, *ledger));
        TRY(session.print(exporters_report(meters)));
    } else if (options.losses) {
        TRY_ASSIGN(const Interval period, session.period());
        TRY_ASSIGN(const auto lost, ledger->losses(period));
        TRY(session.print(losses_report(lost)));
    } else {
        TRY_ASSIGN(const auto meters, ledger->meters());
        TRY(session.print(meters_report(meters, session.clock().now())));
    }
    return ExitStatus::done;
}

}  // namespace

void add_meters(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("meters", "Each meter's health: last reading, lag, totals, losses")
        .flag("--losses", options->losses, "What is known not to have been seen, one by one")
        .flag("--exporters", options->exporters,
              "Of collectors: each exporter, when last heard, its rate, losses, sampling, clock")
        .flag("--interfaces", options->interfaces,
              "Of collectors: how exporters call their interfaces, and whom each is bound to")
        .text("--since", session.options.since, "Of losses: from when on", "TIME")
        .text("--until", session.options.until, "Of losses: until when", "TIME")
        .does([&session, options] { return show(session, *options); });
}

}  // namespace octroi
