// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Small numbers for the texts of sums, so that usage() compares and hashes numbers only.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_hash.hpp"
#include "ledger/usage.hpp"

namespace octroi {

// Numbers texts from 0 in the order of their first use. Number 0 is the empty text.
class TextNumbers {
public:
    TextNumbers() { (void)number(""); }
    [[nodiscard]] std::uint32_t number(std::string_view text);
    [[nodiscard]] const std::string& at(std::uint32_t number) const { return texts_[number]; }
    [[nodiscard]] std::size_t size() const { return texts_.size(); }

private:
    struct Hash {
        std::size_t operator()(std::string_view text) const noexcept { return text_hash(text, 0); }
    };
    std::deque<std::string> texts_;  // elements do not move
    boost::unordered_flat_map<std::string_view, std::uint32_t, Hash> numbers_;
};

// The ancestors of an account. The directory of a ledger has no cycles and no missing parents, but
// the caller may pass any list: both end the walk.
class AccountTree {
public:
    explicit AccountTree(const std::vector<Account>& accounts);
    // The account itself, then its ancestors upwards.
    [[nodiscard]] std::vector<std::string> line(const std::string& name) const;

private:
    std::map<std::string, std::string> parents_;
};

// What a question needs to know about the holder of an end: about a party without its identity.
struct UsageParty {
    PartyKind kind = PartyKind::account;
    std::uint32_t text = 0;       // to_string(Party)
    std::uint32_t end_text = 0;   // the same as UsageKey::from and to: in a tree the account above
    std::uint32_t far_class = 0;  // as the other end of a transfer
    bool selected = false;        // by the filter by account
    // The accounts that count this end in their rows: itself and, in a tree, the accounts above.
    // Without UsageKey::account they are one row: {0}. Empty: not selected.
    std::vector<std::uint32_t> subjects;

    [[nodiscard]] bool is_account() const { return kind == PartyKind::account; }
    [[nodiscard]] bool is_outside() const { return kind == PartyKind::outside; }
    [[nodiscard]] bool is_excluded() const { return kind == PartyKind::excluded; }
    [[nodiscard]] bool is_local() const { return octroi::is_local(kind); }
};

// The parties of an answer. The question and the texts must outlive it.
class UsageParties {
public:
    UsageParties(const UsageQuestion& question, TextNumbers& texts);

    // The reference is valid while the object lives.
    [[nodiscard]] const UsageParty& find(const Party& party);
    // Whether an account of this name was found.
    [[nodiscard]] bool has_account(const std::string& name);

private:
    static constexpr std::size_t kinds = 5;
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] UsageParty made(const Party& party);
    [[nodiscard]] std::uint32_t end_of(const Party& party, const std::vector<std::string>& line);

    const UsageQuestion& question_;
    TextNumbers& texts_;
    AccountTree tree_;
    bool by_account_;
    std::deque<UsageParty> parties_;
    std::vector<std::array<std::uint32_t, kinds>> numbers_;  // index: number of the name
};

// Whether the question groups by this key.
[[nodiscard]] bool groups_by(const UsageQuestion& question, UsageKey key);
// Whether the filters select excluded traffic and no other.
[[nodiscard]] bool selects_only_excluded(const UsageQuestion& question);
// Whether rows are by end, not by network.
[[nodiscard]] bool counts_ends(const UsageQuestion& question);

}  // namespace octroi
