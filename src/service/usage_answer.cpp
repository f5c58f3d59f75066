// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/usage_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "service/attribution.hpp"

namespace octroi {
namespace {

constexpr std::array<std::pair<std::string_view, UsageKey>, 7> keys{{
    {"account", UsageKey::account},
    {"identity", UsageKey::identity},
    {"class", UsageKey::far_class},
    {"service", UsageKey::service},
    {"category", UsageKey::category},
    {"direction", UsageKey::direction},
    {"meter", UsageKey::meter},
}};

// Without accounts the interesting question is which host; with them it is which account.
std::vector<UsageKey> default_keys(const Directory& directory) {
    if (directory.accounts.empty()) return {UsageKey::identity, UsageKey::account};
    return {UsageKey::account};
}

// A period without a beginning begins with the first traffic.
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

Status cut_into_slots(PeriodUnit unit, Query& ledger, UsageView& view, UsageQuestion& question) {
    view.unit = unit;
    TRY_ASSIGN(const Interval period, bounded(view.period, ledger));
    if (period.begin < period.end) {
        TRY_ASSIGN(view.slots, cut_period(period, view.unit, view.zone));
    }
    for (const Slot& slot : view.slots) question.boundaries.push_back(slot.interval.begin);
    question.boundaries.push_back(view.slots.empty() ? period.end : view.slots.back().interval.end);
    return {};
}

Status require_meter(Query& ledger, const std::string& name) {
    TRY_ASSIGN(const auto meters, ledger.meters());
    for (const MeterState& meter : meters)
        if (meter.meter.name == name) return {};
    return fail(ErrorCode::not_found,
                fmt::format("there is no meter {}; octroi meters shows all", name));
}

UsageQuestion question_of(const UsageRequest& request, const Directory& directory) {
    UsageQuestion question;
    question.by = request.by.keys;
    question.period = request.period;
    question.accounts = directory.accounts;
    question.tree = request.tree;
    question.role = request.role;
    if (!request.account.empty()) question.account = request.account;
    if (!request.meter.empty()) question.meter = request.meter;
    return question;
}

UsageView view_of(const UsageRequest& request, const UsageQuestion& question) {
    UsageView view;
    view.by = question.by;
    view.period = request.period;
    view.zone = request.zone;
    view.units = request.units;
    view.accounts = question.accounts;
    view.account = question.account;
    view.tree = request.tree;
    return view;
}

}  // namespace

Result<UsageGrouping> parse_grouping(const std::vector<std::string>& words) {
    UsageGrouping grouping;
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

Result<Report> answer_usage(Ledger& ledger, const Config& config, UsageRequest request) {
    TRY_ASSIGN(const auto categories, configured_categories(config));
    TRY_ASSIGN(const Directory directory, ledger.directory());
    if (request.by.keys.empty()) request.by.keys = default_keys(directory);
    if (!request.meter.empty()) TRY(require_meter(ledger, request.meter));
    UsageQuestion question = question_of(request, directory);
    question.category = [&](std::string_view service) {
        return std::string(categories.category_of(service));
    };
    UsageView view = view_of(request, question);
    if (request.by.unit) TRY(cut_into_slots(*request.by.unit, ledger, view, question));
    TRY_ASSIGN(const auto sums, ledger.sums(sum_question(question)));
    TRY_ASSIGN(const Usage answer, usage(question, sums));
    return usage_report(answer, view);
}

}  // namespace octroi
