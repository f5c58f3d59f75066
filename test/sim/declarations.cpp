// SPDX-License-Identifier: GPL-3.0-or-later
#include "declarations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "attribute/class_table.hpp"

namespace octroi::sim {
namespace {

constexpr std::size_t accounts_max = 14;

IdentityKind kind_of(BindingKind kind) {
    switch (kind) {
        case BindingKind::prefix:
            return IdentityKind::prefix;
        case BindingKind::mac:
            return IdentityKind::mac;
        case BindingKind::vlan:
            return IdentityKind::vlan;
        case BindingKind::interface:
            return IdentityKind::interface;
    }
    return IdentityKind::prefix;
}

Binding for_ledger(const NaiveBinding& b) {
    Binding binding;
    binding.identity = {kind_of(b.kind), b.value};
    binding.account = b.account;
    binding.valid = {b.from, b.until};
    binding.per_address = b.per_address;
    return binding;
}

}  // namespace

Status Declarations::begin(UtcTime now) {
    Wish wish{.change = {}, .after = rules_, .is_change = true, .table = {}};
    for (const char* name : {"provider", "reseller", "alice", "bob", "carol"}) {
        const std::string parent = wish.after.parents.empty()       ? ""
                                   : wish.after.parents.size() == 1 ? "provider"
                                                                    : "reseller";
        wish.change.put_accounts.push_back({name, parent, ""});
        wish.after.parents[name] = parent;
    }
    for (const char* text : {"10.1.0.0/16", "10.2.0.0/16", "2001:db8:100::/40"}) {
        const bool per_address = random_->chance(50);
        wish.change.put_networks.push_back({text, per_address});
        wish.after.networks.push_back({*parse_prefix(text), per_address});
    }
    wish.after.version = 1;
    TRY_ASSIGN([[maybe_unused]] const bool cut, tell(wish, now, 0));
    for (int i = 0; i < 12; ++i) {
        TRY_ASSIGN([[maybe_unused]] const bool also, change(now, 0));
    }
    return {};
}

Result<bool> Declarations::change(UtcTime now, unsigned faults) {
    Wish wish{.change = {}, .after = rules_, .is_change = true, .table = {}};
    const auto kind = random_->below(20);
    if (kind < 10)
        wish_binding(wish, now);
    else if (kind < 14)
        wish_end(wish, now);
    else if (kind < 16)
        wish_account(wish);
    else if (kind < 17)
        wish_network(wish);
    else
        wish_classes(wish);
    const Registry::Change& c = wish.change;
    const bool nothing = wish.is_change && c.put_accounts.empty() && c.add_bindings.empty() &&
                         c.end_bindings.empty() && c.put_networks.empty() &&
                         c.remove_networks.empty();
    if (nothing) return false;
    if (wish.is_change) ++wish.after.version;
    return tell(wish, now, faults);
}

Result<bool> Declarations::tell(Wish& wish, UtcTime now, unsigned faults) {
    const auto act = [&]() -> Status {
        if (!wish.is_change) return box_->ledger().load_class_table(wish.table, "simulation", now);
        TRY_ASSIGN(const bool changed, box_->ledger().apply(wish.change, now));
        if (changed) return {};
        return fail(ErrorCode::failed, "a change of the directory is said to change nothing");
    };
    const std::uint64_t changes = changes_;
    const auto take = [this, wish] { return take_if_told(wish); };
    TRY_ASSIGN(const LedgerBox::Committed outcome, box_->change(act, faults, take));
    if (outcome == LedgerBox::Committed::no_room) return false;
    // One that was refused before may have come back with the crash: then this one is not there.
    if (changes_ == changes) TRY(take_if_told(wish));
    const bool cut = outcome == LedgerBox::Committed::cut;
    if (changes_ == changes && !cut)
        return fail(ErrorCode::failed, "a change of the directory is not there");
    return cut;
}

Status Declarations::take_if_told(Wish wish) {
    TRY_ASSIGN(const bool told, is_told(wish));
    if (!told) return {};
    TRY(take_ids(wish.after));
    rules_ = std::move(wish.after);
    ++changes_;
    return {};
}

Result<bool> Declarations::is_told(const Wish& wish) {
    if (!wish.is_change) {
        TRY_ASSIGN(const std::string version, box_->ledger().current_class_version());
        return version == wish.table.version;
    }
    TRY_ASSIGN(const std::uint64_t version, box_->ledger().directory_version());
    return version == wish.after.version;
}

// The ledger numbers bindings; only to name them when they are ended.
Status Declarations::take_ids(NaiveRules& rules) {
    TRY_ASSIGN(const Directory directory, box_->ledger().directory());
    for (NaiveBinding& mine : rules.bindings) {
        if (mine.id != 0) continue;
        for (const Binding& b : directory.bindings)
            if (b.identity == Identity{kind_of(mine.kind), mine.value} &&
                b.account == mine.account && b.valid == Interval{mine.from, mine.until})
                mine.id = std::max(mine.id, b.id);
        if (mine.id == 0) return fail(ErrorCode::failed, "a binding is not in the directory");
    }
    return {};
}

NaiveBinding Declarations::some_identity() {
    Random& r = *random_;
    NaiveBinding b;
    const auto kind = r.below(20);
    if (kind < 14) {
        const bool station = r.chance(50);
        const auto& host = station       ? r.pick(population_->stations)
                           : r.one_in(6) ? r.pick(population_->outside)
                                         : r.pick(population_->routed);
        const bool v6 = r.chance(35);
        const std::vector<int> v4_lengths{32, 32, 32, 24, 28, 16, 8};
        const std::vector<int> v6_lengths{128, 128, 64, 48, 40, 121};
        b.prefix =
            v6 ? Prefix::of(host.v6, r.pick(v6_lengths)) : Prefix::of(host.v4, r.pick(v4_lengths));
        b.value = to_string(b.prefix);
        b.per_address = r.chance(40);
    } else if (kind < 17) {
        b.kind = BindingKind::mac;
        b.value = to_string(r.pick(population_->stations).mac);
    } else if (kind < 19) {
        b.kind = BindingKind::vlan;
        b.value = std::to_string(r.between(10, 14));
    } else {
        const std::vector<std::string> names{"up0", "up1", "eth2"};
        b.kind = BindingKind::interface;
        b.value = r.pick(names);
    }
    return b;
}

// Bindings change at the ends of buckets, now, before and later: there the naive rules, which look
// at packets, and the ledger, which looks at readings of a bucket, must agree to the byte.
UtcTime Declarations::some_edge(UtcTime now) {
    return bucket_start(now) + Duration::minutes(5 * random_->between(-12, 6));
}

void Declarations::wish_account(Wish& wish) {
    Random& r = *random_;
    std::vector<std::string> names;
    for (const auto& [name, parent] : rules_.parents) names.push_back(name);
    // "provider" stays at the top; who has nobody below may move below anybody.
    const std::string parent = r.pick(names);
    std::string name = fmt::format("customer-{}", names.size());
    if (names.size() >= accounts_max || r.chance(50)) {
        name = r.pick(names);
        const bool has_children = std::ranges::any_of(
            rules_.parents, [&](const auto& entry) { return entry.second == name; });
        if (name == "provider" || has_children || name == parent || rules_.parents[name] == parent)
            return;
    }
    wish.change.put_accounts.push_back({name, parent, ""});
    wish.after.parents[name] = parent;
}

void Declarations::wish_binding(Wish& wish, UtcTime now) {
    Random& r = *random_;
    NaiveBinding b = some_identity();
    std::vector<std::string> names;
    for (const auto& [name, parent] : rules_.parents) names.push_back(name);
    b.account = r.pick(names);
    if (r.chance(60)) b.from = some_edge(now);
    if (r.chance(40)) b.until = some_edge(now);
    if (b.until <= b.from) b.until = UtcTime::max();
    // What is bound so already changes nothing, which is another test's matter.
    for (const NaiveBinding& other : rules_.bindings)
        if (other.kind == b.kind && other.value == b.value && other.account == b.account) return;
    wish.change.add_bindings.push_back(for_ledger(b));
    wish.after.bindings.push_back(b);
}

void Declarations::wish_end(Wish& wish, UtcTime now) {
    if (rules_.bindings.empty()) return;
    const auto at = static_cast<std::size_t>(random_->below(rules_.bindings.size()));
    const UtcTime end = some_edge(now);
    NaiveBinding& b = wish.after.bindings[at];
    if (end >= b.until) return;
    wish.change.end_bindings.push_back({b.id, end});
    if (end <= b.from)
        wish.after.bindings.erase(wish.after.bindings.begin() + static_cast<std::ptrdiff_t>(at));
    else
        b.until = end;
}

void Declarations::wish_network(Wish& wish) {
    Random& r = *random_;
    const std::vector<std::string> texts{"10.1.2.0/24", "10.2.1.0/24", "2001:db8:200::/48",
                                         "198.51.100.0/28", "10.1.0.7/32"};
    const std::string text = r.pick(texts);
    const Prefix prefix = *parse_prefix(text);
    auto& networks = wish.after.networks;
    const auto there =
        std::ranges::find_if(networks, [&](const auto& n) { return n.prefix == prefix; });
    if (there != networks.end()) {
        networks.erase(there);
        wish.change.remove_networks.push_back(text);
        return;
    }
    const bool per_address = r.chance(50);
    networks.push_back({prefix, per_address});
    wish.change.put_networks.push_back({text, per_address});
}

void Declarations::wish_classes(Wish& wish) {
    Random& r = *random_;
    wish.is_change = false;
    ClassTable& table = wish.table;
    table.default_class = r.chance(50) ? "international" : "rest";
    table.classes = {"domestic", "free", "mirror"};
    std::set<Prefix> prefixes;
    for (int i = 0; i < 8; ++i) {
        const auto& host = r.pick(population_->outside);
        const std::vector<int> v4_lengths{8, 16, 24, 26, 30, 32, 0};
        const std::vector<int> v6_lengths{32, 40, 48, 64, 128, 0};
        prefixes.insert(r.chance(65) ? Prefix::of(host.v4, r.pick(v4_lengths))
                                     : Prefix::of(host.v6, r.pick(v6_lengths)));
    }
    wish.after.routes.clear();
    for (const Prefix& prefix : prefixes) {
        const auto index = static_cast<std::uint16_t>(r.below(table.classes.size()));
        table.routes.push_back({prefix, index});
        wish.after.routes.push_back({prefix, table.classes[index]});
    }
    table.version = class_table_version(table);
    wish.after.class_version = table.version;
    wish.after.default_class = table.default_class;
}

}  // namespace octroi::sim
