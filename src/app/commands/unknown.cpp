// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "ledger/usage_query.hpp"
#include "service/known_meter.hpp"
#include "view/unknown_view.hpp"

namespace octroi {
namespace {

constexpr std::uint64_t limit_default = 50;

struct Options {
    std::string meter;
    std::uint64_t limit = limit_default;
};

// Of clients that need no user. question: that of the unknown ends.
Result<Bytes> volume_without_user(Ledger& ledger, UsageQuestion question) {
    question.by = {UsageKey::account};
    question.account = "@excluded/no-user-needed";
    TRY_ASSIGN(const Usage usage, query_usage(ledger, question));
    std::uint64_t bytes = 0;
    for (const UsageBlock& block : usage.blocks)
        for (const UsageRow& row : block.rows) bytes += row.total.bytes.value();
    return Bytes{bytes};
}

Result<ExitStatus> show_unknown(Session& session, const Options& options) {
    UsageQuestion question;
    question.by = {UsageKey::identity, UsageKey::meter};
    question.account = "@unattributed";
    question.role = std::nullopt;  // the meter is a key: nothing counts twice
    question.limit = options.limit;
    TRY_ASSIGN(question.period, session.period());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    if (!options.meter.empty()) {
        TRY(require_meter(*ledger, options.meter));
        question.meter = options.meter;
    }
    TRY_ASSIGN(question.accounts, ledger->accounts());
    TRY_ASSIGN(const Usage usage, interruptible([&] { return query_usage(*ledger, question); }));
    TRY_ASSIGN(const Bytes no_user_needed,
               interruptible([&] { return volume_without_user(*ledger, question); }));
    TRY(session.print(unknown_report(usage, no_user_needed)));
    return ExitStatus::done;
}

}  // namespace

void add_unknown(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    app.sub("unknown",
            "List the local addresses and the names of logs that have traffic and no account, with "
            "the commands that would bind them")
        .text("--meter", options->meter, "Only traffic of this meter", "NAME")
        .number("--limit", options->limit,
                "Only the N with the most traffic in each layer; 0: all (default: 50)", "N")
        .text("--since", session.options.since,
              "A period: yesterday, 'last month', 2026-10, 2026-10-05; or its begin: -7d, "
              "2026-11-21T13:00 … (default: from the earliest time)",
              "TIME")
        .text("--until", session.options.until,
              "End of the period, not included (default: the end of a --since like 2026-10, else "
              "now)",
              "TIME")
        .does([&session, options] { return show_unknown(session, *options); });
}

}  // namespace octroi
