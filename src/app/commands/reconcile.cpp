// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/server_gaps.hpp"
#include "view/server_gap_view.hpp"

namespace octroi {
namespace {

struct Options {
    std::string unit = "day";
    bool spread = false;
};

// The begins of the units of the period that has traffic.
Result<std::vector<UtcTime>> steps_of(const Interval& period, PeriodUnit unit, const Zone& zone) {
    TRY_ASSIGN(const auto slots, cut_period(period, unit, zone));
    std::vector<UtcTime> steps;
    for (const Slot& slot : slots) steps.push_back(slot.interval.begin);
    return steps;
}

Result<ExitStatus> show_gaps(Session& session, const Options& options) {
    const auto unit = parse_period_unit(options.unit);
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const Zone zone, session.zone());
    TRY_ASSIGN(Interval period, session.period());
    TRY_ASSIGN(const auto servers, logged_servers(*config));
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const auto first, ledger->first_bucket());
    period.end = std::min(period.end, session.clock().now());
    period.begin = std::max(period.begin, first.value_or(period.end));
    std::vector<UtcTime> steps;
    if (period.begin < period.end && !servers.empty()) {
        TRY_ASSIGN(steps, steps_of(period, *unit, zone));
    }
    if (options.spread) {
        std::vector<GapShare> shares;
        if (!steps.empty()) {
            TRY_ASSIGN(shares, interruptible([&] {
                           return server_gap_shares(*ledger, servers, period, steps);
                       }));
        }
        TRY(session.print(gap_share_report(shares, !servers.empty())));
        return ExitStatus::done;
    }
    std::vector<ServerGapRow> rows;
    if (!steps.empty()) {
        TRY_ASSIGN(rows,
                   interruptible([&] { return server_gaps(*ledger, servers, period, steps); }));
    }
    TRY(session.print(server_gap_report(rows, !servers.empty())));
    return ExitStatus::done;
}

}  // namespace

void add_reconcile(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("reconcile",
            "Compare what the logs of servers state with what packet meters saw at their addresses")
        .choice("--by", options->unit, {"hour", "day", "week", "month", "year"},
                "A row for each of these (default: day)")
        .flag("--spread", options->spread,
              "Spread what the packets have more over the domains and users in the log, by their "
              "share: an approximation, which is never booked")
        .text("--since", session.options.since,
              "A period: yesterday, 'last month', 2026-10, 2026-10-05; or its begin: -7d, "
              "2026-11-21T13:00 … (default: from the earliest time)",
              "TIME")
        .text("--until", session.options.until,
              "End of the period, not included (default: the end of a --since like 2026-10, else "
              "now)",
              "TIME")
        .does([&session, options] { return show_gaps(session, *options); });
}

}  // namespace octroi
