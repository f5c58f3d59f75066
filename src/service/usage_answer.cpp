// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/usage_answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ledger/usage_query.hpp"
#include "service/attribution.hpp"
#include "service/known_meter.hpp"
#include "service/usage_state.hpp"

namespace octroi {
namespace {

constexpr std::array<std::pair<std::string_view, UsageKey>, 9> keys{{
    {"account", UsageKey::account},
    {"identity", UsageKey::identity},
    {"class", UsageKey::far_class},
    {"service", UsageKey::service},
    {"category", UsageKey::category},
    {"direction", UsageKey::direction},
    {"meter", UsageKey::meter},
    {"from", UsageKey::from},
    {"to", UsageKey::to},
}};
constexpr std::array<std::string_view, 5> direction_words{"in", "out", "internal", "transit",
                                                          "excluded"};

// Without accounts the interesting question is which host; with them it is which account.
std::vector<UsageKey> default_keys(const std::vector<Account>& accounts) {
    if (accounts.empty()) return {UsageKey::identity, UsageKey::account};
    return {UsageKey::account};
}

// A period without a beginning begins with the first traffic.
Result<Interval> bounded(Interval period, Query& ledger) {
    if (period.begin != UtcTime::min()) return period;
    TRY_ASSIGN(const auto first, ledger.first_bucket());
    period.begin = std::min(first.value_or(period.end), period.end);
    return period;
}

Status cut_into_slots(PeriodUnit unit, Query& ledger, UsageView& view, UsageQuestion& question) {
    view.unit = unit;
    TRY_ASSIGN(const Interval period, bounded(view.period, ledger));
    if (period.begin < period.end) {
        TRY_ASSIGN(view.slots, cut_period(period, view.unit, view.zone));
    }
    for (const Slot& slot : view.slots) question.steps.push_back(slot.interval.begin);
    if (question.steps.empty()) question.steps.push_back(period.end);
    return {};
}

template <typename Words>
std::optional<std::string> first_missing(const std::vector<std::string>& wanted,
                                         const Words& words) {
    for (const std::string& word : wanted)
        if (std::find(words.begin(), words.end(), word) == words.end()) return word;
    return std::nullopt;
}

// A name that does not exist is probably a typing mistake: an empty table would be a misleading
// answer.
Status require_names(Query& ledger, const Config& config, const UsageQuestion& question) {
    if (question.meter) TRY(require_meter(ledger, *question.meter));
    if (const auto word = first_missing(question.directions, direction_words))
        return fail(
            ErrorCode::invalid,
            fmt::format("--direction {}: there is no such direction; next: in, out, internal, "
                        "transit or excluded",
                        *word));
    if (!question.classes.empty()) {
        TRY_ASSIGN(auto classes, ledger.classes());
        classes.insert(classes.end(), {"@internal", "@transit", "@excluded"});
        if (const auto name = first_missing(question.classes, classes))
            return fail(ErrorCode::not_found,
                        fmt::format("there is no traffic of a class {}; next: `octroi usage --by "
                                    "class` shows all",
                                    *name));
    }
    if (!question.services.empty()) {
        TRY_ASSIGN(const auto services, ledger.services());
        if (const auto name = first_missing(question.services, services))
            return fail(ErrorCode::not_found,
                        fmt::format("there is no traffic of a service {}; next: `octroi usage "
                                    "--by service` shows all",
                                    *name));
    }
    std::vector<std::string> categories{std::string(rest_category)};
    for (const auto& category : config.categories) categories.push_back(category.name);
    if (const auto name = first_missing(question.categories, categories))
        return fail(ErrorCode::not_found,
                    fmt::format("there is no category {}; next: one of the configuration: {}",
                                *name, fmt::join(categories, ", ")));
    return {};
}

UsageView view_of(const UsageRequest& request) {
    const UsageQuestion& question = request.question;
    UsageView view;
    view.by = question.by;
    view.period = question.period;
    view.zone = request.zone;
    view.units = request.units;
    view.accounts = question.accounts;
    view.account = question.account;
    view.layer = question.layer;
    view.tree = question.tree;
    view.is_filtered = question.identity || !question.classes.empty() ||
                       !question.services.empty() || !question.categories.empty() ||
                       !question.directions.empty();
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
                                    "direction, meter, from, to and one of 5min, hour, day, week, "
                                    "month, year",
                                    word));
        }
    }
    return grouping;
}

Result<UsageReports> answer_usage(Ledger& ledger, const Config& config, UsageRequest request) {
    TRY_ASSIGN(const auto categories, configured_categories(config));
    UsageQuestion& question = request.question;
    TRY_ASSIGN(question.accounts, ledger.accounts());
    if (question.by.empty()) question.by = default_keys(question.accounts);
    TRY(require_names(ledger, config, question));
    question.category = [&](std::string_view service) {
        return std::string(categories.category_of(service));
    };
    UsageView view = view_of(request);
    if (request.unit) TRY(cut_into_slots(*request.unit, ledger, view, question));
    TRY_ASSIGN(const Usage answer, query_usage(ledger, question));
    if (!question.as_of) {
        TRY_ASSIGN(view.state, usage_state(ledger, question, config.ledger));
        if (answer.blocks.empty() && !request.ledger.empty() && !view.is_filtered && !view.account)
            view.when_empty =
                coming_figures(request.ledger, config.ledger, view.state->booked_until, view.zone);
    }
    return usage_reports(answer, view);
}

}  // namespace octroi
