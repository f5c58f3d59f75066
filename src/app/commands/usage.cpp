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
    TRY_ASSIGN(Report report, answer_usage(*ledger, *config, std::move(request)));
    if (options.limit > 0) limit_rows(report, options.limit);
    TRY(session.print(report));
    return ExitStatus::done;
}

}  // namespace

void add_usage(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("usage", "Who used how much: received and sent, by whatever is asked")
        .list("--by", options->by,
              "account, identity, class, service, category, direction, meter; hour, day, week, "
              "month, year",
              "KEY,…")
        .text("--account", options->account, "Only this account; with --tree also those below it",
              "NAME")
        .number("--limit", options->limit, "Only so many rows, the first; the total is that of all",
                "N")
        .flag("--tree", options->tree, "Accounts include those below them")
        .text("--meter", options->meter, "Only what this meter saw", "NAME")
        .choice("--role", options->role, {"bill", "witness", "all"},
                "What is charged, what is only kept to compare, or both")
        .text("--since", session.options.since,
              "today, this month, -7d, 2026-11, 2026-11-21T13:00 … (default: since ever)", "TIME")
        .text("--until", session.options.until, "Not included (default: now)", "TIME")
        .does([&session, options] { return show_usage(session, *options); });
}

}  // namespace octroi
