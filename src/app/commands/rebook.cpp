// SPDX-License-Identifier: GPL-3.0-or-later

#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/rebook.hpp"

namespace octroi {
namespace {

struct Options {
    std::string meter;
    std::string reason;
    bool dry_run = false;
};

Result<ExitStatus> rebook_period(Session& session, const Options& options) {
    RebookRequest request{.period = {},
                          .meter = options.meter,
                          .reason = options.reason,
                          .dry_run = options.dry_run,
                          .now = session.clock().now()};
    TRY_ASSIGN(request.period, session.period());
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto ledger, options.dry_run ? open_ledger(session, OpenMode::read_only)
                                                  : open_ledger(session, OpenMode::read_write,
                                                                "octroi rebook", "rebook"));
    TRY_ASSIGN(const RebookSummary summary, rebook(*ledger, *config, request));
    TRY(session.print(rebook_report(summary)));
    return ExitStatus::done;
}

}  // namespace

void add_rebook(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("rebook",
            "Attribute a period again with the bindings, classes and services of now, and commit "
            "the "
            "differences as corrections")
        .flag("--dry-run", options->dry_run, "Print what would move, without booking it")
        .text("--meter", options->meter, "Only traffic of this meter", "NAME")
        .text("--reason", options->reason,
              "Why, for readers of the ledger (default: the time of this run)", "TEXT")
        .text(
            "--since", session.options.since,
            "today, this month, -7d, 2026-11, 2026-11-21T13:00 … (default: from the earliest time)",
            "TIME")
        .text("--until", session.options.until, "End of the period, not included (default: now)",
              "TIME")
        .does([&session, options] { return rebook_period(session, *options); });
}

}  // namespace octroi
