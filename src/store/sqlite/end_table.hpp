// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The ends of transfers for one question: their holders, and whether the question selects them.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/query.hpp"
#include "store/sqlite/database.hpp"

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
    EndTable(const Database& db, const SumQuestion& question) : db_(db), question_(question) {}

    // Finds the holders and parties that the question names.
    [[nodiscard]] Status prepare();
    // No transfer can match: the question names parties, and the ledger has none of them.
    [[nodiscard]] bool selects_nothing() const {
        return (by_holder_ && selected_holders_.empty()) ||
               (question_.identity && selected_parties_.empty());
    }
    // The holder of a party. corrupt: there is no such party.
    [[nodiscard]] Result<std::int64_t> holder_of(std::int64_t party);
    // Whether a holder is an account or unattributed. corrupt: there is no such holder.
    [[nodiscard]] Result<bool> is_local(std::int64_t holder);
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

    const Database& db_;
    const SumQuestion& question_;
    bool by_holder_ = false;
    NumberSet selected_holders_;
    NumberSet selected_parties_;
    Statement holder_of_;
    std::vector<std::int64_t> holders_;  // index: party; 0: not looked up yet
    Statement kind_of_;
    std::vector<signed char> locals_;  // index: holder; 0: not looked up yet, -1: no, 1: yes
};

}  // namespace octroi::sqlite
