// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/rules.hpp"

namespace octroi {
namespace {

bool is_local(const Party& party) {
    return party.kind == PartyKind::account || party.kind == PartyKind::unattributed;
}
bool is_account(const Party& party) { return party.kind == PartyKind::account; }
bool is_outside(const Party& party) { return party.kind == PartyKind::outside; }
bool is_excluded(const Party& party) { return party.kind == PartyKind::excluded; }

Status add(Volume& sum, const Volume& volume) {
    TRY_ASSIGN(sum, checked_sum(sum, volume));
    return {};
}

// Excluded traffic comes first: it is in no account's figures, even if one of its ends is an
// account.
Status add(UsageTotals& totals, const TransferSum& sum) {
    const bool accounts_both = is_account(sum.from) && is_account(sum.to);
    Volume* kind = &totals.transit;
    if (is_excluded(sum.from) || is_excluded(sum.to))
        kind = &totals.excluded;
    else if (is_account(sum.from) || is_account(sum.to))
        kind = &totals.attributed;
    else if (is_local(sum.from) || is_local(sum.to))
        kind = &totals.unattributed;
    TRY(add(totals.whole, sum.volume));
    TRY(add(*kind, sum.volume));
    return accounts_both ? add(totals.internal, sum.volume) : Status();
}

// The ancestors of an account. The directory of a ledger has no cycles and no missing parents, but
// the caller may pass any list: both end the walk.
class Tree {
public:
    explicit Tree(const std::vector<Account>& accounts) {
        for (const Account& account : accounts) parents_[account.name] = account.parent;
    }
    // The account itself, then its ancestors upwards.
    [[nodiscard]] std::vector<std::string> line(const std::string& name) const {
        std::vector<std::string> line{name};
        for (auto at = parents_.find(name); at != parents_.end() && !at->second.empty();
             at = parents_.find(at->second)) {
            if (line.size() > account_depth_max) break;
            line.push_back(at->second);
        }
        return line;
    }

private:
    std::map<std::string, std::string> parents_;
};

class UsageBuilder {
public:
    explicit UsageBuilder(const UsageQuestion& question)
        : question_(question), tree_(question.tree ? question.accounts : std::vector<Account>{}) {}

    [[nodiscard]] Status check() const {
        if (asked(UsageKey::period) && question_.boundaries.size() < 2)
            return fail(ErrorCode::invalid, "usage by period needs the boundaries of the periods");
        if (!std::is_sorted(question_.boundaries.begin(), question_.boundaries.end()))
            return fail(ErrorCode::invalid, "the boundaries of the periods are not in order");
        if (asked(UsageKey::category) && !question_.category)
            return fail(ErrorCode::invalid, "usage by category needs a category function");
        return {};
    }

    [[nodiscard]] Status add_transfer(const TransferSum& sum) {
        TRY(add(usage_.totals, sum));
        return sees_one_end() ? add_ends(sum) : add_whole(sum);
    }

    // An account that does not exist is probably a typing mistake: an empty table would be a
    // misleading answer. An account with traffic is accepted even if it is no longer in the
    // directory.
    [[nodiscard]] Status check_account() const {
        if (!question_.account || question_.account->starts_with('@') || !rows_.empty()) return {};
        const auto is_it = [&](const Account& account) {
            return account.name == *question_.account;
        };
        if (std::any_of(question_.accounts.begin(), question_.accounts.end(), is_it)) return {};
        return fail(
            ErrorCode::not_found,
            fmt::format("account '{}' does not exist; next: `octroi account list` shows all",
                        *question_.account));
    }

    [[nodiscard]] Usage finish() {
        for (auto& [key, row] : rows_) usage_.rows.push_back(std::move(row));
        return std::move(usage_);
    }

private:
    [[nodiscard]] bool asked(UsageKey key) const {
        return std::find(question_.by.begin(), question_.by.end(), key) != question_.by.end();
    }
    [[nodiscard]] bool sees_one_end() const {
        return question_.account || asked(UsageKey::account) || asked(UsageKey::identity);
    }

    // The fields that are the same for both ends.
    [[nodiscard]] UsageRow common(const TransferSum& sum) const {
        UsageRow row;
        if (asked(UsageKey::service)) row.service = sum.service;
        if (asked(UsageKey::category)) row.category = question_.category(sum.service);
        if (asked(UsageKey::meter)) row.meter = sum.meter;
        if (asked(UsageKey::period)) {
            const auto& begins = question_.boundaries;
            const auto behind = std::upper_bound(begins.begin(), begins.end(), sum.bucket);
            if (behind != begins.begin() && behind != begins.end())
                row.period = static_cast<std::size_t>(behind - begins.begin()) - 1;
        }
        return row;
    }

    [[nodiscard]] static std::string class_of(const Party& far) {
        if (is_outside(far)) return far.name;
        return is_excluded(far) ? "@excluded" : "@internal";
    }

    // Which end of the transfer is in the row.
    struct Sides {
        bool received = false;
        bool sent = false;
    };
    [[nodiscard]] Status count(const UsageRow& key, const TransferSum& sum, Sides sides) {
        UsageRow& row = rows_.try_emplace(key, key).first->second;
        if (sides.received) TRY(add(row.received, sum.volume));
        if (sides.sent) TRY(add(row.sent, sum.volume));
        row.estimate += sum.estimate;
        return add(row.total, sum.volume);
    }
    // Called once for each transfer that is in at least one row.
    [[nodiscard]] Status note_in_rows(const TransferSum& sum) {
        usage_.estimate += sum.estimate;
        return add(usage_.in_rows, sum.volume);
    }

    [[nodiscard]] Status add_whole(const TransferSum& sum) {
        UsageRow row = common(sum);
        const Sides sides{.received = is_local(sum.to), .sent = is_local(sum.from)};
        const bool excluded = is_excluded(sum.from) || is_excluded(sum.to);
        const bool transit = is_outside(sum.from) && is_outside(sum.to);
        if (asked(UsageKey::far_class)) {
            row.far_class = excluded     ? "@excluded"
                            : transit    ? "@transit"
                            : sides.sent ? class_of(sum.to)
                                         : class_of(sum.from);
        }
        if (asked(UsageKey::direction)) {
            row.direction = excluded                       ? "excluded"
                            : transit                      ? "transit"
                            : sides.sent && sides.received ? "internal"
                            : sides.sent                   ? "out"
                                                           : "in";
        }
        TRY(note_in_rows(sum));
        return count(row, sum, excluded ? Sides{} : sides);
    }

    // The accounts that count an end in their rows: its own account and, in a tree, the ancestors.
    // Empty: the query selects another account.
    [[nodiscard]] std::vector<std::string> subjects(const Party& near) const {
        std::vector<std::string> line{to_string(near)};
        if (question_.tree && is_account(near)) line = tree_.line(near.name);
        if (!question_.account) return line;
        // Rows end at the selected account: accounts above it are not part of the question.
        if (std::find(line.begin(), line.end(), *question_.account) == line.end()) return {};
        if (!asked(UsageKey::account)) return {*question_.account};
        const auto top = std::find(line.begin(), line.end(), *question_.account);
        line.erase(std::next(top), line.end());
        return line;
    }

    [[nodiscard]] std::set<UsageRow> rows_of(const TransferSum& sum, const Party& near,
                                             const Party& far, std::string_view direction) const {
        UsageRow row = common(sum);
        if (asked(UsageKey::identity)) row.identity = near.identity;
        if (asked(UsageKey::far_class)) row.far_class = class_of(far);
        if (asked(UsageKey::direction)) row.direction = direction;
        std::set<UsageRow> rows;
        for (const std::string& account : subjects(near)) {
            if (asked(UsageKey::account)) row.account = account;
            rows.insert(row);
        }
        return rows;
    }

    [[nodiscard]] Status add_ends(const TransferSum& sum) {
        if (is_excluded(sum.from) || is_excluded(sum.to))
            return add_special(sum, to_string(is_excluded(sum.from) ? sum.from : sum.to),
                               "excluded", "@excluded");
        if (is_outside(sum.from) && is_outside(sum.to))
            return add_special(sum, "@transit", "transit", "@transit");
        std::set<UsageRow> sent;
        std::set<UsageRow> received;
        if (is_local(sum.from)) sent = rows_of(sum, sum.from, sum.to, "out");
        if (is_local(sum.to)) received = rows_of(sum, sum.to, sum.from, "in");
        std::set<UsageRow> rows = sent;
        rows.insert(received.begin(), received.end());
        if (!rows.empty()) TRY(note_in_rows(sum));
        // If both ends are in the same row, its total counts the transfer once.
        for (const UsageRow& row : rows)
            TRY(count(row, sum, {.received = received.contains(row), .sent = sent.contains(row)}));
        return {};
    }

    // Excluded and transit traffic: an own row, neither received nor sent.
    [[nodiscard]] Status add_special(const TransferSum& sum, const std::string& account,
                                     std::string_view direction, std::string_view far_class) {
        if (question_.account && *question_.account != account) return {};
        UsageRow row = common(sum);
        if (asked(UsageKey::account)) row.account = account;
        if (asked(UsageKey::direction)) row.direction = direction;
        if (asked(UsageKey::far_class)) row.far_class = far_class;
        TRY(note_in_rows(sum));
        return count(row, sum, {});
    }

    const UsageQuestion& question_;
    Tree tree_;
    std::map<UsageRow, UsageRow> rows_;  // key: the same row without figures
    Usage usage_;
};

}  // namespace

bool UsageTotals::conserved() const {
    Volume sum;
    for (const Volume& part : {attributed, unattributed, excluded, transit}) {
        const auto next = checked_sum(sum, part);
        if (!next) return false;
        sum = *next;
    }
    return sum == whole;
}

SumQuestion sum_question(const UsageQuestion& question) {
    const auto asked = [&](UsageKey key) {
        return std::find(question.by.begin(), question.by.end(), key) != question.by.end();
    };
    return {.period = question.period,
            .meter = question.meter,
            .role = question.role,
            .by_bucket = asked(UsageKey::period),
            .by_meter = asked(UsageKey::meter),
            .by_identity = asked(UsageKey::identity),
            .by_service = asked(UsageKey::service) || asked(UsageKey::category),
            .estimates = true};
}

Result<Usage> usage(const UsageQuestion& question, const std::vector<TransferSum>& sums) {
    UsageBuilder builder(question);
    TRY(builder.check());
    for (const TransferSum& sum : sums) TRY(builder.add_transfer(sum));
    TRY(builder.check_account());
    return builder.finish();
}

}  // namespace octroi
