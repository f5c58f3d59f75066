// SPDX-License-Identifier: GPL-3.0-or-later

#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "service/usage_answer.hpp"
#include "view/limit.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> by;
    std::string account;
    std::string meter;
    std::string role = "bill";
    bool tree = false;
    std::uint64_t limit = 0;  // rows; 0: all
};

std::optional<MeterRole> role_of(const std::string& word) {
    if (word == "all") return std::nullopt;
    return word == "witness" ? MeterRole::witness : MeterRole::bill;
}

Result<ExitStatus> show_usage(Session& session, const Options& options) {
    UsageRequest request{.account = options.account,
                         .meter = options.meter,
                         .role = role_of(options.role),
                         .tree = options.tree};
    TRY_ASSIGN(request.by, parse_grouping(options.by));
    TRY_ASSIGN(request.zone, session.zone());
    TRY_ASSIGN(request.units, session.units());
    TRY_ASSIGN(request.period, session.period());
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(Report report,
               interruptible([&] { return answer_usage(*ledger, *config, std::move(request)); }));
    if (options.limit > 0) limit_rows(report, options.limit);
    TRY(session.print(report));
    return ExitStatus::done;
}

}  // namespace

void add_usage(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("usage", "Sum received and sent traffic by account, service, day and other keys")
        .list("--by", options->by,
              "account, identity, class, service, category, direction, meter; hour, day, week, "
              "month, year",
              "KEY,…")
        .text("--account", options->account, "Only this account; with --tree also its descendants",
              "NAME")
        .number("--limit", options->limit,
                "Print only the first N rows. The total includes all rows", "N")
        .flag("--tree", options->tree, "Each account includes its descendants")
        .text("--meter", options->meter, "Only traffic of this meter", "NAME")
        .choice(
            "--role", options->role, {"bill", "witness", "all"},
            "Traffic of meters with this role: charged (default), recorded for comparison, or both")
        .text(
            "--since", session.options.since,
            "today, this month, -7d, 2026-11, 2026-11-21T13:00 … (default: from the earliest time)",
            "TIME")
        .text("--until", session.options.until, "End of the period, not included (default: now)",
              "TIME")
        .does([&session, options] { return show_usage(session, *options); });
}

}  // namespace octroi
