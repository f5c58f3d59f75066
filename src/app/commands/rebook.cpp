// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/rebook.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

struct Options {
    std::string meter;
    std::string reason;
    bool dry_run = false;
};

void report_rebooking(UtcTime at, const Interval& period) {
    const auto seconds = [](Duration d) {
        return static_cast<std::uint64_t>(d.ns / 1'000'000'000);
    };
    show_progress(
        fmt::format("rebooking: {}, {}",
                    share_text(seconds(at - period.begin), seconds(period.end - period.begin)),
                    to_rfc3339(at)));
}

// A dry run takes no lock, and none is needed: it commits nothing.
Result<std::unique_ptr<Ledger>> ledger_to_rebook(Session& session, bool dry_run) {
    if (dry_run) return open_ledger(session, OpenMode::read_only);
    auto ledger = open_ledger(session, OpenMode::read_write, "octroi rebook", "rebook");
    if (ledger || ledger.error().code != ErrorCode::conflict) return ledger;
    std::string text = std::move(ledger.error().text);
    text.erase(std::min(text.find("; next:"), text.size()));
    return fail(ErrorCode::conflict, text +
                                         "; next: wait for the end of that run: two at once "
                                         "would correct the same traffic twice");
}

Result<ExitStatus> rebook_period(Session& session, const Options& options) {
    catch_stop_signals();
    RebookRequest request{.period = {},
                          .meter = options.meter,
                          .reason = options.reason,
                          .dry_run = options.dry_run,
                          .now = session.clock().now(),
                          .progress = report_rebooking,
                          .stop_requested = stop_requested};
    TRY_ASSIGN(request.period, session.period());
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto ledger, ledger_to_rebook(session, options.dry_run));
    const auto summary = rebook(*ledger, *config, request);
    show_progress("");
    if (!summary) return std::unexpected(summary.error());
    TRY(session.print(rebook_report(*summary)));
    if (!summary->stopped_at) return ExitStatus::done;
    return fail(ErrorCode::interrupted,
                options.dry_run ? "stopped before the end; next: the same command again"
                                : "stopped before the end; the corrections until then stay; "
                                  "next: the same command again, it goes on");
}

}  // namespace

void add_rebook(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("rebook",
            "Attribute a period again with the bindings, classes and services of now, and commit "
            "the differences as corrections")
        .flag("--dry-run", options->dry_run, "Print what would move, without booking it")
        .text("--meter", options->meter, "Only traffic of this meter", "NAME")
        .text("--reason", options->reason,
              "Why, for readers of the ledger (default: the time of this run)", "TEXT")
        .text(
            "--since", session.options.since,
            "A period: yesterday, 'last month', 2026-10, 2026-10-05; or its begin: -7d, "
            "2026-11-21T13:00 … (default: from the earliest time of which all transfers are left)",
            "TIME")
        .text("--until", session.options.until,
              "End of the period, not included (default: the end of a --since like 2026-10, else "
              "now)",
              "TIME")
        .does([&session, options] { return rebook_period(session, *options); });
}

}  // namespace octroi
