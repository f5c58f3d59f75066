// SPDX-License-Identifier: GPL-3.0-or-later

#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/heads_file.hpp"
#include "app/ledger_access.hpp"
#include "app/named_hosts.hpp"
#include "record/identity.hpp"
#include "service/usage_answer.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> by;
    std::string account;
    bool tree = false;
    std::string identity;
    std::vector<std::string> classes;
    std::vector<std::string> services;
    std::vector<std::string> categories;
    std::vector<std::string> directions;
    std::string meter;
    std::string role = "bill";
    std::string layer;
    std::string order = "total";
    std::uint64_t limit = 0;  // rows; 0: all
    bool rest = false;
    bool names = false;
    std::string as_of;
};

std::optional<MeterRole> role_of(const std::string& word) {
    if (word == "all") return std::nullopt;
    return word == "witness" ? MeterRole::witness : MeterRole::bill;
}

UsageOrder order_of(const std::string& word) {
    if (word == "received") return UsageOrder::received;
    if (word == "sent") return UsageOrder::sent;
    return word == "name" ? UsageOrder::name : UsageOrder::total;
}

std::optional<std::string> if_given(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

Result<UsageQuestion> question_of(const Options& options) {
    UsageQuestion question;
    question.account = if_given(options.account);
    question.tree = options.tree;
    if (!options.identity.empty()) {
        TRY_ASSIGN(const Identity identity,
                   of_option("--identity", parse_identity(options.identity)));
        question.identity = identity_text(identity);
    }
    question.classes = options.classes;
    question.services = options.services;
    question.categories = options.categories;
    question.directions = options.directions;
    question.meter = if_given(options.meter);
    question.role = role_of(options.role);
    if (!options.layer.empty()) question.layer = parse_layer(options.layer);
    question.order = order_of(options.order);
    question.limit = options.limit;
    question.rest = options.rest;
    if (options.rest && options.limit == 0)
        return fail(ErrorCode::invalid,
                    "--rest makes one row of those beyond --limit. Next: give both");
    if (!options.as_of.empty()) {
        TRY_ASSIGN(const auto heads, of_option("--as-of", read_heads_file(options.as_of)));
        question.as_of.emplace();
        for (const ChainHead& head : heads)
            if (head.chain == ChainKind::writer)
                question.as_of->push_back({head.writer, head.sequence, head.hash});
    }
    return question;
}

Result<ExitStatus> show_usage(Session& session, const Options& options) {
    UsageRequest request;
    TRY_ASSIGN(request.question, question_of(options));
    TRY_ASSIGN(const UsageGrouping grouping, parse_grouping(options.by));
    request.question.by = grouping.keys;
    request.unit = grouping.unit;
    TRY_ASSIGN(request.zone, session.zone());
    TRY_ASSIGN(request.units, session.units());
    TRY_ASSIGN(request.question.period, session.period());
    TRY_ASSIGN(request.ledger, session.ledger_path());
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(UsageReports reports,
               interruptible([&] { return answer_usage(*ledger, *config, std::move(request)); }));
    if (options.names) name_hosts(reports.tables, reports.rows);
    TRY(session.print(reports.tables, reports.rows));
    return ExitStatus::done;
}

void add_filters(Command& command, Options& options) {
    command
        .text("--account", options.account, "Only this account; with --tree also its descendants",
              "NAME")
        .flag("--tree", options.tree,
              "Each account includes its descendants; from and to are the top accounts")
        .text("--identity", options.identity, "Only this identity: 10.1.2.3, mac 0:30:ca:b8:d9:bc…",
              "IDENTITY")
        .list("--class", options.classes, "Only these classes of the far end", "CLASS,…")
        .list("--service", options.services, "Only these services", "SERVICE,…")
        .list("--category", options.categories, "Only these categories of services", "CATEGORY,…")
        .list("--direction", options.directions, "Only in, out, internal, transit or excluded",
              "DIRECTION,…")
        .text("--meter", options.meter, "Only traffic of this meter", "NAME")
        .choice(
            "--role", options.role, {"bill", "witness", "all"},
            "Traffic of meters with this role: charged (default), recorded for comparison, or both")
        .choice("--layer", options.layer, {"frames", "ip", "application", "2", "3", "7"},
                "Only bytes of this layer. Without it each layer has a table of its own");
}

}  // namespace

void add_usage(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    Command command =
        app.sub("usage", "Sum received and sent traffic by account, service, day and other keys");
    command.list("--by", options->by,
                 "account, identity, class, service, category, direction, meter, from, to; 5min, "
                 "hour, day, week, month, year",
                 "KEY,…");
    add_filters(command, *options);
    command
        .choice("--order", options->order, {"total", "received", "sent", "name"},
                "Order of the rows: the largest total first (default), received, sent, or by name")
        .number("--limit", options->limit,
                "Print only the first N rows. The total includes all rows", "N")
        .flag("--names", options->names,
              "With --by identity: names of the hosts, from the resolver of this machine")
        .flag("--rest", options->rest, "With --limit: print the remaining rows as one")
        .text("--since", session.options.since,
              "A period: yesterday, 'last month', 2026-10, 2026-10-05; or its begin: -7d, "
              "2026-11-21T13:00 … (default: from the earliest time)",
              "TIME")
        .text(
            "--as-of", options->as_of,
            "Only batches that were in the ledger when `octroi audit --heads` printed FILE: always "
            "the same answer. Account trees and categories are those of now",
            "FILE")
        .text("--until", session.options.until,
              "End of the period, not included (default: the end of a --since like 2026-10, else "
              "now)",
              "TIME")
        .does([&session, options] { return show_usage(session, *options); });
}

}  // namespace octroi
