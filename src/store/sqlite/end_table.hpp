// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ends of transfers for one question: their holders, and whether the question selects them.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/holder_kinds.hpp"

namespace octroi::sqlite {

// A set of row numbers. Rows are numbered without gaps, so a bit for each is the smallest table.
class NumberSet {
public:
    void insert(std::int64_t number) {
        // The bound limits the memory that a wrong number in a damaged ledger can allocate.
        if (number < 0 || number >= number_end) return;
        const auto index = static_cast<std::size_t>(number);
        if (index >= bits_.size()) bits_.resize(index + 1);
        bits_[index] = true;
        is_empty_ = false;
    }
    [[nodiscard]] bool contains(std::int64_t number) const {
        return number >= 0 && static_cast<std::size_t>(number) < bits_.size() &&
               bits_[static_cast<std::size_t>(number)];
    }
    [[nodiscard]] bool empty() const { return is_empty_; }
    [[nodiscard]] std::vector<std::int64_t> numbers() const {
        std::vector<std::int64_t> all;
        for (std::size_t i = 0; i < bits_.size(); ++i)
            if (bits_[i]) all.push_back(static_cast<std::int64_t>(i));
        return all;
    }

    static constexpr std::int64_t number_end = std::int64_t{1} << 32U;

private:
    std::vector<bool> bits_;
    bool is_empty_ = true;
};

class EndTable {
public:
    // The database and the question must outlive it.
    EndTable(const Database& db, const SumQuestion& question)
        : db_(db), question_(question), kinds_(db) {}

    // Finds the holders and parties that the question names.
    [[nodiscard]] Status prepare();
    // No transfer can match: the question names parties, and the ledger has none of them.
    [[nodiscard]] bool selects_nothing() const {
        return (by_holder_ && selected_holders_.empty()) ||
               (question_.identity && selected_parties_.empty());
    }
    // The holder of a party. corrupt: there is no such party.
    [[nodiscard]] Result<std::int64_t> holder_of(std::int64_t party);
    // corrupt: there is no such holder.
    [[nodiscard]] Result<PartyKind> kind_of(std::int64_t holder) { return kinds_.kind_of(holder); }
    // The number that stands for a holder in a group: itself, or another account
    // (SumQuestion::counted_as).
    [[nodiscard]] std::int64_t group_of(std::int64_t holder) const {
        const auto index = static_cast<std::size_t>(holder);
        return index < counted_as_.size() && counted_as_[index] != 0 ? counted_as_[index] : holder;
    }
    // The number that stands for an end of which only the kind is known.
    [[nodiscard]] static std::int64_t group_of(PartyKind kind) {
        return -static_cast<std::int64_t>(kind);
    }
    // The party of a number below 0, which is not of a row. corrupt: no group has this number, so a
    // row of the sums is damaged.
    [[nodiscard]] Result<Party> party_of(std::int64_t group) const;
    // The holders that the question names; null: it names none, so that all are selected.
    [[nodiscard]] const NumberSet* selected_holders() const {
        return by_holder_ ? &selected_holders_ : nullptr;
    }
    // Whether the question selects a transfer between these parties of these holders.
    [[nodiscard]] bool selects(std::int64_t from_party, std::int64_t from_holder,
                               std::int64_t to_party, std::int64_t to_holder) const {
        if (by_holder_ && !selected_holders_.contains(from_holder) &&
            !selected_holders_.contains(to_holder))
            return false;
        return !question_.identity || selected_parties_.contains(from_party) ||
               selected_parties_.contains(to_party);
    }

private:
    [[nodiscard]] Status select_holders(const std::string& end);
    [[nodiscard]] Status find_counted_as();

    const Database& db_;
    const SumQuestion& question_;
    bool by_holder_ = false;
    NumberSet selected_holders_;
    NumberSet selected_parties_;
    Statement holder_of_;
    std::vector<std::int64_t> holders_;  // index: party; 0: not looked up yet
    HolderKinds kinds_;
    // Numbers for names without a row: this one and those below it. Those above are of kinds.
    static constexpr std::int64_t first_name = -100;
    std::vector<std::string> names_;        // index: first_name - number
    std::vector<std::int64_t> counted_as_;  // index: holder; 0: as itself
};

}  // namespace octroi::sqlite
