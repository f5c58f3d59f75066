// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/saturated_sum.hpp"
#include "ledger/rules.hpp"
#include "ledger/usage_fold.hpp"
#include "ledger/usage_order.hpp"
#include "ledger/usage_parties.hpp"

namespace octroi {
namespace {

Status check_usage_question(const UsageQuestion& question) {
    const auto asked = [&](UsageKey key) { return groups_by(question, key); };
    if ((asked(UsageKey::from) || asked(UsageKey::to)) &&
        (asked(UsageKey::account) || asked(UsageKey::identity)))
        return fail(ErrorCode::invalid,
                    "usage by account or identity counts a transfer at both ends, by from or to "
                    "once; next: group by either");
    if (asked(UsageKey::period) && question.steps.empty())
        return fail(ErrorCode::invalid, "usage by period needs the steps of time");
    if (!std::is_sorted(question.steps.begin(), question.steps.end()))
        return fail(ErrorCode::invalid, "the steps of time are not in order");
    if ((asked(UsageKey::category) || !question.categories.empty()) && !question.category)
        return fail(ErrorCode::invalid, "usage by category needs a category function");
    return {};
}

class UsageAnswer {
public:
    explicit UsageAnswer(const UsageQuestion& question)
        : question_(question),
          parties_(question, texts_),
          placer_(question, texts_),
          folds_(layers.size(), UsageFold(question.account.has_value())) {}

    void add(const std::vector<TransferSum>& sums) {
        for (const TransferSum& sum : sums) {
            const UsageParty& from = parties_.find(sum.from);
            const UsageParty& to = parties_.find(sum.to);
            fold_of(sum.layer).add(sum, from, to, placer_.place(sum, from, to),
                                   placer_.counts(from, to));
        }
    }

    // An account that does not exist is probably a typing mistake: an empty table would be a
    // misleading answer. An account with traffic is accepted even if it is no longer in the
    // directory.
    [[nodiscard]] Status check_account() {
        const auto& name = question_.account;
        if (!name || name->starts_with('@') || parties_.has_account(*name)) return {};
        const auto is_it = [&](const Account& account) { return account.name == *name; };
        if (std::any_of(question_.accounts.begin(), question_.accounts.end(), is_it)) return {};
        // With `tree` an account without own traffic may have some below it.
        if (std::any_of(folds_.begin(), folds_.end(),
                        [](const auto& fold) { return fold.size() > 0; }))
            return {};
        return fail(ErrorCode::not_found,
                    fmt::format("account '{}' does not exist; next: `octroi account list` shows "
                                "all",
                                *name));
    }

    [[nodiscard]] Result<Usage> finish(const std::vector<TransferSum>& sums) {
        Usage usage;
        for (std::size_t i = 0; i < folds_.size(); ++i) {
            if (folds_[i].size() == 0) continue;
            TRY_ASSIGN(usage.blocks.emplace_back(), block(layers[i], folds_[i], sums));
        }
        return usage;
    }

private:
    [[nodiscard]] UsageFold& fold_of(Layer layer) {
        const auto* found = std::find(layers.begin(), layers.end(), layer);
        CHECK(found != layers.end());
        return folds_[static_cast<std::size_t>(found - layers.begin())];
    }

    [[nodiscard]] Result<UsageBlock> block(Layer layer, const UsageFold& fold,
                                           const std::vector<TransferSum>& sums) {
        UsageBlock block{.layer = layer,
                         .rows = {},
                         .left_out = 0,
                         .rest = {},
                         .totals = fold.totals(),
                         .received = fold.all().received,
                         .sent = fold.all().sent,
                         .total = fold.all().total,
                         .estimate = fold.all().estimate};
        const std::vector<OrderedRow> order = ordered_rows(question_, fold, texts_);
        const std::size_t kept =
            question_.limit == 0 ? order.size() : std::min(question_.limit, order.size());
        block.rows.reserve(kept);
        for (std::size_t i = 0; i < kept; ++i) block.rows.push_back(named(fold, order[i]));
        block.left_out = order.size() - kept;
        if (block.left_out > 0 && question_.rest) {
            std::vector<bool> is_left_out(order.size(), false);
            for (std::size_t i = kept; i < order.size(); ++i) is_left_out[order[i].row] = true;
            TRY_ASSIGN(block.rest, rest_of(layer, fold, sums, is_left_out));
        }
        return block;
    }

    [[nodiscard]] UsageRow named(const UsageFold& fold, const OrderedRow& ordered) const {
        const UsageRowKey& key = fold.key(ordered.row);
        const auto text = [&](UsageKey which) {
            return texts_.at(key[static_cast<std::size_t>(which)]);
        };
        UsageRow row;
        row.account = text(UsageKey::account);
        row.identity = text(UsageKey::identity);
        row.far_class = text(UsageKey::far_class);
        row.service = text(UsageKey::service);
        row.category = text(UsageKey::category);
        row.direction = text(UsageKey::direction);
        row.meter = text(UsageKey::meter);
        row.from = text(UsageKey::from);
        row.to = text(UsageKey::to);
        const std::uint32_t period = key[static_cast<std::size_t>(UsageKey::period)];
        if (period > 0) row.period = period - 1;
        set_figures(row, fold.figures(ordered.row));
        row.names_excluded = fold.names_excluded(ordered.row);
        row.depth = ordered.depth;
        return row;
    }

    static void set_figures(UsageRow& row, const UsageFigures& figures) {
        row.received = figures.received;
        row.sent = figures.sent;
        row.total = figures.total;
        row.excluded = figures.excluded;
        row.estimate = figures.estimate;
    }

    // Goes through the sums again: rows that have a transfer in common cannot be added up.
    [[nodiscard]] Result<UsageRow> rest_of(Layer layer, const UsageFold& fold,
                                           const std::vector<TransferSum>& sums,
                                           const std::vector<bool>& is_left_out) {
        UsageFigures figures;
        for (const TransferSum& sum : sums) {
            if (sum.layer != layer) continue;
            const UsageParty& from = parties_.find(sum.from);
            const UsageParty& to = parties_.find(sum.to);
            bool is_in = false;
            UsageSides any{.apart = !placer_.counts(from, to)};
            for (const auto& [key, sides] : placer_.place(sum, from, to)) {
                if (!is_left_out[fold.row(key)]) continue;
                is_in = true;
                any.received |= sides.received;
                any.sent |= sides.sent;
            }
            if (is_in) add_transfer(figures, sum, any);
        }
        UsageRow row;
        set_figures(row, figures);
        return row;
    }

    const UsageQuestion& question_;
    TextNumbers texts_;
    UsageParties parties_;
    UsagePlacer placer_;
    std::vector<UsageFold> folds_;  // index: as in layers
};

// The account and, in a tree, those below it.
std::vector<std::string> accounts_below(const UsageQuestion& question) {
    std::vector<std::string> names{*question.account};
    if (!question.tree) return names;
    const AccountTree tree(question.accounts);
    for (const Account& account : question.accounts) {
        const auto line = tree.line(account.name);
        if (account.name != *question.account &&
            std::find(line.begin(), line.end(), *question.account) != line.end())
            names.push_back(account.name);
    }
    return names;
}

// The ends that a transfer must have one of; empty: the filters name none.
std::vector<std::string> ends_of(const UsageQuestion& question) {
    if (question.account) {
        // Transit traffic is not between parties of that name.
        if (*question.account == "@transit") return {};
        return accounts_below(question);
    }
    const auto is_party = [](const std::string& name) { return !name.starts_with('@'); };
    if (std::all_of(question.classes.begin(), question.classes.end(), is_party))
        return question.classes;
    return {};
}

std::vector<std::string> services_of(const UsageQuestion& question,
                                     const std::vector<std::string>& services) {
    if (question.categories.empty() || !question.category) return question.services;
    const auto contains = [](const std::vector<std::string>& list, const std::string& item) {
        return std::find(list.begin(), list.end(), item) != list.end();
    };
    std::vector<std::string> selected;
    for (const std::string& service : services)
        if (contains(question.categories, question.category(service)) &&
            (question.services.empty() || contains(question.services, service)))
            selected.push_back(service);
    // An empty list would select all. No service has an empty name (ledger/rules.hpp).
    if (selected.empty()) selected.emplace_back();
    return selected;
}

// Whether the rows need no name of the far end, no service, and no transfers that two rows share.
bool asks_by_end(const UsageQuestion& question) {
    const auto is_known = [](UsageKey key) {
        return key == UsageKey::account || key == UsageKey::period || key == UsageKey::meter ||
               key == UsageKey::direction;
    };
    const bool sums_rest = question.limit > 0 && question.rest;
    return counts_ends(question) && std::all_of(question.by.begin(), question.by.end(), is_known) &&
           !question.tree && !question.identity && question.classes.empty() &&
           question.services.empty() && question.categories.empty() && !sums_rest;
}

// In a tree from and to are the accounts of one level: the store sums the accounts below them.
std::vector<std::pair<std::string, std::string>> accounts_of_ends(const UsageQuestion& question) {
    std::vector<std::pair<std::string, std::string>> ends;
    const bool by_network =
        groups_by(question, UsageKey::from) || groups_by(question, UsageKey::to);
    if (!question.tree || !by_network || question.identity) return ends;
    TextNumbers texts;
    UsageParties parties(question, texts);
    for (const Account& account : question.accounts) {
        const UsageParty& party = parties.find({PartyKind::account, account.name, ""});
        const std::string& as = texts.at(party.end_text);
        if (as != account.name) ends.emplace_back(account.name, as);
    }
    return ends;
}

}  // namespace

bool UsageTotals::conserved() const {
    Volume sum;
    for (const Volume& part : {attributed, unattributed, excluded, transit})
        add_saturated(sum, part);
    return sum == whole;
}

SumQuestion sum_question(const UsageQuestion& question, const std::vector<std::string>& services) {
    const auto asked = [&](UsageKey key) { return groups_by(question, key); };
    SumQuestion sums;
    sums.period = question.period;
    sums.meter = question.meter;
    sums.role = question.role;
    sums.layer = question.layer;
    sums.ends = ends_of(question);
    sums.identity = question.identity;
    sums.services = services_of(question, services);
    sums.as_of = question.as_of;
    if (asked(UsageKey::period)) sums.steps = question.steps;
    sums.by_meter = asked(UsageKey::meter);
    // A filter by identity is of one end, and the store answers with both.
    sums.by_identity = asked(UsageKey::identity) || question.identity;
    sums.by_service = asked(UsageKey::service) || asked(UsageKey::category);
    sums.by_end = asks_by_end(question);
    sums.counted_as = accounts_of_ends(question);
    sums.estimates = true;
    return sums;
}

Result<Usage> usage(const UsageQuestion& question, const std::vector<TransferSum>& sums) {
    TRY(check_usage_question(question));
    UsageAnswer answer(question);
    answer.add(sums);
    TRY(answer.check_account());
    return answer.finish(sums);
}

}  // namespace octroi
