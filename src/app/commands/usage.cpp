// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "ledger/usage.hpp"
#include "service/attribution.hpp"
#include "view/limit.hpp"
#include "view/usage_view.hpp"

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

constexpr std::array<std::pair<std::string_view, UsageKey>, 7> keys{{
    {"account", UsageKey::account},
    {"identity", UsageKey::identity},
    {"class", UsageKey::far_class},
    {"service", UsageKey::service},
    {"category", UsageKey::category},
    {"direction", UsageKey::direction},
    {"meter", UsageKey::meter},
}};

// The values of --by: keys, and at most one unit of time.
struct Grouping {
    std::vector<UsageKey> keys;
    std::optional<PeriodUnit> unit;
};

Result<Grouping> parse_grouping(const std::vector<std::string>& words) {
    Grouping grouping;
    for (const std::string& word : words) {
        const auto* key =
            std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == word; });
        const auto unit = parse_period_unit(word);
        if (key != keys.end()) {
            grouping.keys.push_back(key->second);
        } else if (unit && !grouping.unit) {
            grouping.unit = unit;
            grouping.keys.push_back(UsageKey::period);
        } else {
            return fail(ErrorCode::invalid,
                        fmt::format("--by {}: takes account, identity, class, service, category, "
                                    "direction, meter and one of "
                                    "hour, day, week, month, year",
                                    word));
        }
    }
    return grouping;
}

// The default of --by: hosts if there are no accounts, otherwise accounts.
std::vector<UsageKey> default_keys(const Directory& directory) {
    if (directory.accounts.empty()) return {UsageKey::identity, UsageKey::account};
    return {UsageKey::account};
}

// Limits a period without begin or end to the time with traffic.
Result<Interval> bounded(Interval period, Query& ledger) {
    if (period.begin != UtcTime::min()) return period;
    SumQuestion question;
    question.period = period;
    question.by_bucket = true;
    TRY_ASSIGN(const auto sums, ledger.sums(question));
    if (sums.empty()) return Interval{period.end, period.end};
    period.begin = period.end;
    for (const TransferSum& sum : sums) period.begin = std::min(period.begin, sum.bucket);
    return period;
}

Status cut_into_slots(const Grouping& grouping, Query& ledger, UsageView& view,
                      UsageQuestion& question) {
    if (!grouping.unit) return {};
    view.unit = *grouping.unit;
    TRY_ASSIGN(const Interval period, bounded(view.period, ledger));
    if (period.begin < period.end) {
        TRY_ASSIGN(view.slots, cut_period(period, view.unit, view.zone));
    }
    for (const Slot& slot : view.slots) question.boundaries.push_back(slot.interval.begin);
    question.boundaries.push_back(view.slots.empty() ? period.end : view.slots.back().interval.end);
    return {};
}

void set_role(const std::string& role, UsageQuestion& question) {
    if (role == "witness") question.role = MeterRole::witness;
    if (role == "all") question.role = std::nullopt;
}

Status require_meter(Query& ledger, const std::string& name) {
    TRY_ASSIGN(const auto meters, ledger.meters());
    for (const MeterState& meter : meters)
        if (meter.meter.name == name) return {};
    return fail(ErrorCode::not_found,
                fmt::format("there is no meter {}. Next: octroi meters", name));
}

Result<ExitStatus> show_usage(Session& session, const Options& options) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const auto categories, configured_categories(*config));
    TRY_ASSIGN(Grouping grouping, parse_grouping(options.by));
    UsageView view;
    TRY_ASSIGN(view.zone, session.zone());
    TRY_ASSIGN(view.units, session.units());
    TRY_ASSIGN(view.period, session.period());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Directory directory, ledger->directory());
    if (grouping.keys.empty()) grouping.keys = default_keys(directory);

    UsageQuestion question;
    question.by = grouping.keys;
    question.period = view.period;
    question.accounts = directory.accounts;
    question.tree = options.tree;
    if (!options.account.empty()) question.account = options.account;
    if (!options.meter.empty()) {
        TRY(require_meter(*ledger, options.meter));
        question.meter = options.meter;
    }
    question.category = [&](std::string_view service) {
        return std::string(categories.category_of(service));
    };
    set_role(options.role, question);
    view.by = grouping.keys;
    view.accounts = directory.accounts;
    view.account = question.account;
    view.tree = options.tree;
    TRY(cut_into_slots(grouping, *ledger, view, question));

    TRY_ASSIGN(const auto sums, ledger->sums(sum_question(question)));
    TRY_ASSIGN(const Usage answer, usage(question, sums));
    Report report = usage_report(answer, view);
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
        .choice("--role", options->role, {"bill", "witness", "all"},
                "Traffic of meters with this role: charged, kept for comparison, or both")
        .text(
            "--since", session.options.since,
            "today, this month, -7d, 2026-11, 2026-11-21T13:00 … (default: from the earliest time)",
            "TIME")
        .text("--until", session.options.until, "End of the period, not included (default: now)",
              "TIME")
        .does([&session, options] { return show_usage(session, *options); });
}

}  // namespace octroi
