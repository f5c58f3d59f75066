// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/end_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

Status insert_numbers(Statement& find, NumberSet& numbers) {
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) break;
        numbers.insert(find.number(0));
    }
    find.reset();
    return {};
}

}  // namespace

Status EndTable::prepare() {
    TRY_ASSIGN(holder_of_, Statement::prepare(db_, "SELECT holder FROM party WHERE party_id = ?1"));
    TRY(find_counted_as());
    by_holder_ = !question_.ends.empty();
    for (const std::string& end : question_.ends) TRY(select_holders(end));
    if (!question_.identity) return {};
    TRY_ASSIGN(auto find,
               Statement::prepare(db_, "SELECT party_id FROM party WHERE identity = ?1"));
    find.bind_text(1, *question_.identity);
    return insert_numbers(find, selected_parties_);
}

// The reverse of to_string(Party). An account and a class may have the same name.
Status EndTable::select_holders(const std::string& end) {
    constexpr std::string_view excluded = "@excluded/";
    TRY_ASSIGN(auto find, Statement::prepare(db_,
                                             "SELECT holder_id FROM holder WHERE kind IN (?1, ?2) "
                                             "AND name = ?3"));
    PartyKind first = PartyKind::account;
    PartyKind second = PartyKind::outside;
    std::string name = end;
    if (end == "@unattributed") {
        first = second = PartyKind::unattributed;
        name.clear();
    } else if (end.starts_with(excluded)) {
        first = second = PartyKind::excluded;
        name.erase(0, excluded.size());
    }
    find.bind(1, static_cast<std::int64_t>(first));
    find.bind(2, static_cast<std::int64_t>(second));
    find.bind_text(3, name);
    return insert_numbers(find, selected_holders_);
}

Result<std::int64_t> EndTable::holder_of(std::int64_t party) {
    const auto index = static_cast<std::size_t>(party);
    // Parties are numbered without gaps, so a vector is the smallest table.
    if (party >= 0 && index < holders_.size() && holders_[index] != 0) return holders_[index];
    holder_of_.bind(1, party);
    TRY_ASSIGN(const bool found, holder_of_.step());
    if (!found)
        return fail(ErrorCode::corrupt,
                    fmt::format("ledger {}: party {} is missing; next: run `octroi audit`",
                                db_.path(), party));
    const std::int64_t holder = holder_of_.number(0);
    holder_of_.reset();
    if (party >= 0 && party < NumberSet::number_end) {
        if (index >= holders_.size()) holders_.resize(std::max(index + 1, holders_.size() * 2));
        holders_[index] = holder;
    }
    return holder;
}

// Reads all holders, because there may be as many accounts in the question.
Status EndTable::find_counted_as() {
    if (question_.counted_as.empty()) return {};
    std::unordered_map<std::string_view, std::string_view> above;
    for (const auto& [account, as] : question_.counted_as) above.emplace(account, as);
    std::unordered_map<std::string_view, std::int64_t> numbers;
    TRY_ASSIGN(auto find,
               Statement::prepare(db_, "SELECT holder_id, name FROM holder WHERE kind = ?1"));
    find.bind(1, static_cast<std::int64_t>(PartyKind::account));
    while (true) {
        TRY_ASSIGN(const bool row, find.step());
        if (!row) return {};
        const auto as = above.find(find.text(1));
        const std::int64_t holder = find.number(0);
        if (as == above.end() || holder < 0 || holder >= NumberSet::number_end) continue;
        const auto [number, is_new] =
            numbers.try_emplace(as->second, first_name - static_cast<std::int64_t>(names_.size()));
        if (is_new) names_.emplace_back(as->second);
        const auto index = static_cast<std::size_t>(holder);
        if (index >= counted_as_.size()) counted_as_.resize((index + 1) * 2);
        counted_as_[index] = number->second;
    }
}

Result<Party> EndTable::party_of(std::int64_t group) const {
    const std::int64_t last_kind = group_of(PartyKind::excluded);
    if (group < 0 && group >= last_kind) return Party{static_cast<PartyKind>(-group), "", ""};
    const bool has_name =
        group <= first_name && group > first_name - static_cast<std::int64_t>(names_.size());
    if (has_name)
        return Party{PartyKind::account, names_[static_cast<std::size_t>(first_name - group)], ""};
    return fail(ErrorCode::corrupt,
                fmt::format("ledger {}: a sum by day has an end that does not exist; next: run "
                            "`octroi ledger rebuild`",
                            db_.path()));
}

}  // namespace octroi::sqlite
