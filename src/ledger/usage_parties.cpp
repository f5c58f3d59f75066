// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage_parties.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ledger/rules.hpp"

namespace octroi {

std::uint32_t TextNumbers::number(std::string_view text) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    const auto next = static_cast<std::uint32_t>(texts_.size());
    numbers_.emplace(texts_.emplace_back(text), next);
    return next;
}

AccountTree::AccountTree(const std::vector<Account>& accounts) {
    for (const Account& account : accounts) parents_[account.name] = account.parent;
}

std::vector<std::string> AccountTree::line(const std::string& name) const {
    std::vector<std::string> line{name};
    for (auto at = parents_.find(name); at != parents_.end() && !at->second.empty();
         at = parents_.find(at->second)) {
        if (line.size() > account_depth_max) break;
        line.push_back(at->second);
    }
    return line;
}

bool groups_by(const UsageQuestion& question, UsageKey key) {
    return std::find(question.by.begin(), question.by.end(), key) != question.by.end();
}

bool selects_only_excluded(const UsageQuestion& question) {
    const auto is_only = [](const std::vector<std::string>& list, std::string_view word) {
        return !list.empty() && std::ranges::count(list, word) == std::ssize(list);
    };
    return (question.account && question.account->starts_with("@excluded")) ||
           is_only(question.directions, "excluded") || is_only(question.classes, "@excluded");
}

bool counts_ends(const UsageQuestion& question) {
    if (groups_by(question, UsageKey::from) || groups_by(question, UsageKey::to)) return false;
    return question.account || question.identity || groups_by(question, UsageKey::account) ||
           groups_by(question, UsageKey::identity);
}

UsageParties::UsageParties(const UsageQuestion& question, TextNumbers& texts)
    : question_(question),
      texts_(texts),
      tree_(question.tree ? question.accounts : std::vector<Account>{}),
      by_account_(groups_by(question, UsageKey::account)) {}

const UsageParty& UsageParties::find(const Party& party) {
    const std::uint32_t name = texts_.number(party.name);
    if (name >= numbers_.size()) {
        std::array<std::uint32_t, kinds> unknown{};
        unknown.fill(none);
        numbers_.resize(texts_.size() + texts_.size() / 2, unknown);
    }
    const auto kind = static_cast<std::size_t>(party.kind);
    CHECK(kind < kinds);
    if (numbers_[name][kind] == none) {
        // The number is written afterwards: made() adds texts, but never a party.
        parties_.push_back(made(party));
        numbers_[name][kind] = static_cast<std::uint32_t>(parties_.size() - 1);
    }
    return parties_[numbers_[name][kind]];
}

bool UsageParties::has_account(const std::string& name) {
    const std::uint32_t number = texts_.number(name);
    return number < numbers_.size() &&
           numbers_[number][static_cast<std::size_t>(PartyKind::account)] != none;
}

UsageParty UsageParties::made(const Party& party) {
    UsageParty made{.kind = party.kind, .text = texts_.number(to_string(party)), .subjects = {}};
    std::vector<std::string> line{to_string(party)};
    if (question_.tree && made.is_account()) line = tree_.line(party.name);
    made.end_text = end_of(party, line);
    made.far_class = texts_.number(made.is_outside()    ? party.name
                                   : made.is_excluded() ? "@excluded"
                                                        : "@internal");
    if (question_.account) {
        // An outside class may have the name of the account.
        const auto top = made.is_outside()
                             ? line.end()
                             : std::find(line.begin(), line.end(), *question_.account);
        if (top == line.end()) return made;
        // Rows end at the selected account: accounts above it are not part of the question.
        line.erase(std::next(top), line.end());
    }
    made.selected = true;
    if (!by_account_) line = {""};
    for (const std::string& name : line) made.subjects.push_back(texts_.number(name));
    return made;
}

std::uint32_t UsageParties::end_of(const Party& party, const std::vector<std::string>& line) {
    if (!question_.tree || party.kind != PartyKind::account) return texts_.number(to_string(party));
    auto top =
        question_.account ? std::find(line.begin(), line.end(), *question_.account) : line.end();
    // The selected account itself is no level below it.
    if (top == line.begin()) return texts_.number(*top);
    return texts_.number(*std::prev(top));
}

}  // namespace octroi
