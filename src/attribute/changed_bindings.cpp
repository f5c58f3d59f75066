// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/changed_bindings.hpp"

#include <algorithm>
#include <tuple>

#include "record/domain_wildcard.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

using PrefixKey = std::tuple<Family, const std::array<std::uint8_t, 16>&, std::uint8_t>;

PrefixKey prefix_key(const Prefix& prefix) {
    return {prefix.address.family, prefix.address.octets, prefix.length};
}

PrefixKey key_of_change(const BindingChange* change) { return prefix_key(change->prefix); }

const Identity& identity_of(const BindingChange* change) { return change->identity; }

// The next broader name that a name lies within; empty: none.
std::string_view broader_name(IdentityKind kind, std::string_view name) {
    if (kind == IdentityKind::domain) {
        const std::size_t dot = name.find('.');
        return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    }
    if (kind != IdentityKind::cgroup) return {};
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

// The narrowest wildcard that covers the identity; empty: there is none.
std::string broader_wildcard_of(const Identity& identity) {
    return identity.kind == IdentityKind::domain ? broader_wildcard(identity.value) : std::string();
}

std::string name_key(IdentityKind kind, std::string_view name) {
    return static_cast<char>(kind) + std::string(name);
}

}  // namespace

bool is_single_address(const Prefix& prefix) { return prefix.length == prefix.address.bits(); }

int rank_of(const Identity& identity) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    const int mac = find_identity_kind(IdentityKind::mac)->rank * 2;
    if (info == nullptr) return mac + 1;
    if (info->lookup != IdentityLookup::by_prefix) return info->rank * 2;
    const auto prefix = parse_prefix(identity.value);
    return prefix && is_single_address(*prefix) ? info->rank * 2 : mac + 1;
}

ChangedBindings::ChangedBindings(std::vector<BindingChange> changes)
    : changes_(std::move(changes)) {
    for (const BindingChange& change : changes_) {
        const bool is_prefix = change.identity.kind == IdentityKind::prefix;
        (is_prefix ? prefixes_ : links_).push_back(&change);
        if (change.is_new) add_new(change);
    }
    std::ranges::sort(prefixes_, {}, key_of_change);
    std::ranges::sort(links_, {}, identity_of);
    for (const BindingChange* change : prefixes_) {
        auto& lengths = change->prefix.address.family == Family::v4 ? v4_lengths_ : v6_lengths_;
        lengths.push_back(change->prefix.length);
    }
    for (auto* lengths : {&v4_lengths_, &v6_lengths_}) {
        std::ranges::sort(*lengths);
        lengths->erase(std::unique(lengths->begin(), lengths->end()), lengths->end());
    }
    index_new_prefixes();
}

void ChangedBindings::add_new(const BindingChange& change) {
    const Identity& identity = change.identity;
    auto group = std::ranges::find_if(groups_, [&](const Group& g) {
        return g.kind == identity.kind && g.rank == change.rank &&
               g.reaches_outside == change.reaches_outside;
    });
    if (group == groups_.end())
        group = groups_.insert(group, {identity.kind, change.rank, change.reaches_outside, {}});
    group->changes.add(change);
    for (std::string_view name = broader_name(identity.kind, identity.value); !name.empty();
         name = broader_name(identity.kind, name))
        within_names_[name_key(identity.kind, name)].add(change);
    for (std::string wildcard = broader_wildcard_of(identity); !wildcard.empty();
         wildcard = broader_wildcard(wildcard))
        within_names_[name_key(identity.kind, wildcard)].add(change);
    if (!change.reaches_outside) return;
    outside_ = &change;
    if (identity.kind != IdentityKind::prefix) outside_link_ = &change;
}

void ChangedBindings::index_new_prefixes() {
    for (const BindingChange* change : prefixes_)
        if (change->is_new) new_prefixes_.push_back(change);
    next_account_.resize(new_prefixes_.size());
    for (std::size_t i = new_prefixes_.size(); i-- > 0;) {
        const auto next = static_cast<std::uint32_t>(i + 1);
        const bool same = next < new_prefixes_.size() &&
                          new_prefixes_[i]->account == new_prefixes_[next]->account;
        next_account_[i] = same ? next_account_[next] : next;
    }
}

const BindingChange* ChangedBindings::link(const Identity& identity) const {
    const auto found = std::ranges::lower_bound(links_, identity, {}, identity_of);
    return found != links_.end() && (*found)->identity == identity ? *found : nullptr;
}

bool ChangedBindings::may_decide(const Identity& identity, const Prefix& prefix) const {
    if (identity.kind != IdentityKind::prefix) {
        if (link(identity) != nullptr) return true;
        for (std::string wildcard = broader_wildcard_of(identity); !wildcard.empty();
             wildcard = broader_wildcard(wildcard))
            if (link({identity.kind, wildcard}) != nullptr) return true;
        return false;
    }
    for (const std::uint8_t length :
         prefix.address.family == Family::v4 ? v4_lengths_ : v6_lengths_) {
        if (length > prefix.length) return false;
        const Prefix outer = Prefix::of(prefix.address, length);
        if (std::ranges::binary_search(prefixes_, prefix_key(outer), {}, key_of_change))
            return true;
    }
    return false;
}

const BindingChange* ChangedBindings::new_within(const Prefix& prefix, Account account) const {
    const auto found =
        std::ranges::upper_bound(new_prefixes_, prefix_key(prefix), {}, key_of_change);
    auto at = static_cast<std::size_t>(found - new_prefixes_.begin());
    const auto is_within = [&] {
        return at < new_prefixes_.size() && prefix.contains(new_prefixes_[at]->prefix.address);
    };
    if (is_within() && new_prefixes_[at]->account == account) at = next_account_[at];
    return is_within() ? new_prefixes_[at] : nullptr;
}

const BindingChange* ChangedBindings::new_beside(const Identity& identity, Account account) const {
    const IdentityKind kind = identity.kind;
    if (kind == IdentityKind::interface || kind == IdentityKind::next_hop) {
        const auto group = std::ranges::find(groups_, kind, &Group::kind);
        return group == groups_.end() ? nullptr : group->changes.not_of(account);
    }
    const auto within = within_names_.find(name_key(kind, identity.value));
    if (within != within_names_.end())
        if (const BindingChange* found = within->second.not_of(account)) return found;
    for (std::string_view name = broader_name(kind, identity.value); !name.empty();
         name = broader_name(kind, name)) {
        const BindingChange* found = link({kind, std::string(name)});
        if (found != nullptr && found->is_new && found->account != account) return found;
    }
    return nullptr;
}

const BindingChange* ChangedBindings::new_of_other_kind(IdentityKind kind, int rank,
                                                        bool outside_only, Account account) const {
    for (const Group& group : groups_) {
        if (group.kind == kind || group.rank > rank || (outside_only && !group.reaches_outside))
            continue;
        if (const BindingChange* found = group.changes.not_of(account)) return found;
    }
    return nullptr;
}

}  // namespace octroi
