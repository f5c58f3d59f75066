// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

Result<ExitStatus> show(Session& session, bool losses) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    if (losses) {
        TRY_ASSIGN(const Interval period, session.period());
        TRY_ASSIGN(const auto lost, ledger->losses(period));
        TRY(session.print(losses_sheet(lost)));
    } else {
        TRY_ASSIGN(const auto meters, ledger->meters());
        TRY(session.print(meters_sheet(meters, session.clock().now())));
    }
    return ExitStatus::done;
}

}  // namespace

void add_meters(const Verb& app, Session& session) {
    auto losses = std::make_shared<bool>(false);
    app.sub("meters", "Each meter's health: last reading, lag, totals, losses")
        .flag("--losses", *losses, "What is known not to have been seen, one by one")
        .text("--since", session.options.since, "Of losses: from when on", "TIME")
        .text("--until", session.options.until, "Of losses: until when", "TIME")
        .does([&session, losses] { return show(session, *losses); });
}

}  // namespace octroi
