// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage_order.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/saturated_sum.hpp"

namespace octroi {
namespace {

std::uint64_t figure_of(UsageOrder order, const UsageFigures& figures) {
    switch (order) {
        case UsageOrder::total:
            return figures.total.bytes.value();
        case UsageOrder::received:
            return figures.received.bytes.value();
        case UsageOrder::sent:
            return figures.sent.bytes.value();
        case UsageOrder::name:
            break;
    }
    return 0;
}

// The position of an account in the tree: depth first, parents before children.
struct TreePosition {
    std::size_t order = 0;
    int depth = 0;
};

// Positions of the accounts that have rows.
class TreeOrder {
public:
    TreeOrder(const UsageQuestion& question, const UsageFold& fold, const TextNumbers& texts) {
        for (const Account& account : question.accounts) parents_[account.name] = account.parent;
        constexpr auto account = static_cast<std::size_t>(UsageKey::account);
        for (std::size_t row = 0; row < fold.size(); ++row) {
            std::uint64_t& sum = sums_[texts.at(fold.key(row)[account])];
            sum = saturated(sum, figure_of(question.order, fold.figures(row)));
        }
        place();
    }

    [[nodiscard]] TreePosition at(const std::string& name) const {
        const auto found = positions_.find(name);
        return found == positions_.end() ? TreePosition{positions_.size(), 0} : found->second;
    }

private:
    static std::uint64_t saturated(std::uint64_t a, std::uint64_t b) {
        return checked_add(a, b).value_or(UINT64_MAX);
    }
    // The parent, if it has rows too. With a filter by account the tree begins at that account.
    [[nodiscard]] std::string shown_parent(const std::string& name) const {
        const auto parent = parents_.find(name);
        return parent != parents_.end() && sums_.contains(parent->second) ? parent->second
                                                                          : std::string();
    }
    void place() {
        std::map<std::string, std::vector<std::string>> children;
        for (const auto& [name, sum] : sums_) children[shown_parent(name)].push_back(name);
        for (auto& [parent, names] : children)
            std::ranges::stable_sort(
                names, [&](const auto& a, const auto& b) { return sums_.at(a) > sums_.at(b); });
        // Depth first without recursion. An account is placed once, so that even a cycle (which the
        // ledger refuses) would end.
        std::vector<std::pair<std::string, int>> waiting{{"", -1}};
        while (!waiting.empty()) {
            const auto [name, depth] = waiting.back();
            waiting.pop_back();
            if (depth >= 0 &&
                !positions_.emplace(name, TreePosition{positions_.size(), depth}).second)
                continue;
            const auto below = children.find(name);
            if (below == children.end() || (name.empty() && depth >= 0)) continue;
            for (auto it = below->second.rbegin(); it != below->second.rend(); ++it)
                waiting.emplace_back(*it, depth + 1);
        }
    }

    std::map<std::string, std::string> parents_;
    std::map<std::string, std::uint64_t> sums_;
    std::map<std::string, TreePosition> positions_;
};

// The numbers by which rows are compared first. Rows with the same ones are compared by name.
struct SortKey {
    std::uint64_t tree = 0;
    std::uint64_t period = 0;
    bool names_excluded = false;
    std::uint64_t inverse_figure = 0;
    OrderedRow row;
};

}  // namespace

std::vector<OrderedRow> ordered_rows(const UsageQuestion& question, const UsageFold& fold,
                                     const TextNumbers& texts) {
    const bool by_tree = question.tree && groups_by(question, UsageKey::account);
    constexpr auto account = static_cast<std::size_t>(UsageKey::account);
    constexpr auto period = static_cast<std::size_t>(UsageKey::period);
    std::vector<SortKey> keys(fold.size());
    for (std::uint32_t row = 0; row < fold.size(); ++row) {
        keys[row].row.row = row;
        if (question.order != UsageOrder::name) keys[row].period = fold.key(row)[period];
        keys[row].names_excluded = fold.names_excluded(row);
        keys[row].inverse_figure = UINT64_MAX - figure_of(question.order, fold.figures(row));
    }
    if (by_tree) {
        const TreeOrder tree(question, fold, texts);
        for (SortKey& key : keys) {
            const TreePosition position = tree.at(texts.at(fold.key(key.row.row)[account]));
            key.tree = position.order;
            key.row.depth = position.depth;
        }
    }
    const auto name_before = [&](const UsageRowKey& a, const UsageRowKey& b) {
        for (const UsageKey by : question.by) {
            const auto i = static_cast<std::size_t>(by);
            if (a[i] == b[i]) continue;
            return by == UsageKey::period ? a[i] < b[i] : texts.at(a[i]) < texts.at(b[i]);
        }
        return false;
    };
    const auto before = [&](const SortKey& a, const SortKey& b) {
        if (by_tree && a.names_excluded != b.names_excluded) return b.names_excluded;
        if (a.tree != b.tree) return a.tree < b.tree;
        if (a.period != b.period) return a.period < b.period;
        if (a.names_excluded != b.names_excluded) return b.names_excluded;
        if (a.inverse_figure != b.inverse_figure) return a.inverse_figure < b.inverse_figure;
        return name_before(fold.key(a.row.row), fold.key(b.row.row));
    };
    const std::size_t kept = question.limit == 0 ? keys.size() : question.limit;
    if (kept < keys.size())
        std::partial_sort(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(kept),
                          keys.end(), before);
    else
        std::sort(keys.begin(), keys.end(), before);
    std::vector<OrderedRow> rows;
    rows.reserve(keys.size());
    for (const SortKey& key : keys) rows.push_back(key.row);
    return rows;
}

}  // namespace octroi
