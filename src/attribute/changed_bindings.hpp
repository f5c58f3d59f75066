// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The identities that are bound otherwise now than then, in a bucket, found by what a row has: in a
// time that does not grow with their number.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "record/directory.hpp"

namespace octroi {

// The order in which identities decide an end: the smallest first. As IdentityKindInfo::rank, with
// a single address before a MAC address and other prefixes after it.
[[nodiscard]] int rank_of(const Identity& identity);
[[nodiscard]] bool is_single_address(const Prefix& prefix);

struct BindingChange {
    Identity identity;
    Prefix prefix;  // of a prefix
    int rank = 0;
    std::string account;  // to which it is bound where it is new; empty: several
    // It is bound now, at a moment at which it was not.
    bool is_new = false;
    // An end that was outside may have it: it is no prefix within one that was local or bound.
    bool reaches_outside = false;

    bool operator==(const BindingChange&) const = default;
};

// Of rows with an account the first one, and the first one with another account than that.
template <typename Row>
struct FirstOfAccounts {
    const Row* first = nullptr;
    const Row* other = nullptr;

    void add(const Row& row) {
        if (first == nullptr)
            first = &row;
        else if (other == nullptr && row.account != first->account)
            other = &row;
    }
    // One that is not of the account (absent: any); nullptr: there is none.
    [[nodiscard]] const Row* not_of(std::optional<std::string_view> account) const {
        return first == nullptr || first->account != account ? first : other;
    }
};

// Immutable. The results are valid while it lives. account: changes to it do not count; absent: all
// count.
class ChangedBindings {
public:
    using Account = std::optional<std::string_view>;

    ChangedBindings() = default;
    explicit ChangedBindings(std::vector<BindingChange> changes);
    ChangedBindings(const ChangedBindings&) = delete;
    ChangedBindings& operator=(const ChangedBindings&) = delete;
    ChangedBindings(ChangedBindings&&) = default;
    ChangedBindings& operator=(ChangedBindings&&) = default;
    ~ChangedBindings() = default;

    // Whether a binding of the identity changed, or one of a prefix that contains it. prefix: of an
    // identity that is one.
    [[nodiscard]] bool may_decide(const Identity& identity, const Prefix& prefix) const;

    // These return a new binding, or nullptr.
    // Of a prefix within this one, and not of itself.
    [[nodiscard]] const BindingChange* new_within(const Prefix& prefix, Account account) const;
    // Of an identity of the same kind that an end with this one may have too. Not for prefixes.
    [[nodiscard]] const BindingChange* new_beside(const Identity& identity, Account account) const;
    // Of an identity of another kind, and of this rank or a smaller one.
    [[nodiscard]] const BindingChange* new_of_other_kind(IdentityKind kind, int rank,
                                                         bool outside_only, Account account) const;
    // Of an identity that an end that was outside may have. has_address: it may be a prefix.
    [[nodiscard]] const BindingChange* new_outside(bool has_address) const {
        return has_address ? outside_ : outside_link_;
    }

private:
    using First = FirstOfAccounts<BindingChange>;
    struct Group {
        IdentityKind kind{};
        int rank = 0;
        bool reaches_outside = false;
        First changes;
    };

    void add_new(const BindingChange& change);
    void index_new_prefixes();
    [[nodiscard]] const BindingChange* link(const Identity& identity) const;

    std::vector<BindingChange> changes_;
    std::vector<const BindingChange*> prefixes_;  // by family, address, length
    std::vector<std::uint8_t> v4_lengths_;        // of prefixes_
    std::vector<std::uint8_t> v6_lengths_;
    std::vector<const BindingChange*> new_prefixes_;  // in the same order
    std::vector<std::uint32_t> next_account_;  // the next of new_prefixes_ with another account
    std::vector<const BindingChange*> links_;  // identities other than prefixes, by identity
    std::vector<Group> groups_;                // of new ones
    // New ones that lie within the name, of kinds of which names may lie within one another.
    boost::unordered_flat_map<std::string, First> within_names_;
    const BindingChange* outside_ = nullptr;
    const BindingChange* outside_link_ = nullptr;
};

}  // namespace octroi
