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
    Proposal proposal{.change = {}, .after = rules_, .is_change = true, .table = {}};
    for (const char* name : {"provider", "reseller", "alice", "bob", "carol"}) {
        const std::string parent = proposal.after.parents.empty()       ? ""
                                   : proposal.after.parents.size() == 1 ? "provider"
                                                                        : "reseller";
        proposal.change.put_accounts.push_back({name, parent, ""});
        proposal.after.parents[name] = parent;
    }
    for (const char* text : {"10.1.0.0/16", "10.2.0.0/16", "2001:db8:100::/40"}) {
        const bool per_address = random_->chance(50);
        proposal.change.put_networks.push_back({text, per_address});
        proposal.after.networks.push_back({*parse_prefix(text), per_address});
    }
    proposal.after.version = 1;
    TRY_ASSIGN([[maybe_unused]] const bool crashed, submit(proposal, now, 0));
    for (int i = 0; i < 12; ++i) {
        TRY_ASSIGN([[maybe_unused]] const bool also, change(now, 0));
    }
    return {};
}

Result<bool> Declarations::change(UtcTime now, unsigned faults) {
    Proposal proposal{.change = {}, .after = rules_, .is_change = true, .table = {}};
    const auto kind = random_->below(20);
    if (kind < 10)
        propose_binding(proposal, now);
    else if (kind < 14)
        propose_end(proposal, now);
    else if (kind < 16)
        propose_account(proposal);
    else if (kind < 17)
        propose_network(proposal);
    else
        propose_classes(proposal);
    const DirectoryStore::Change& c = proposal.change;
    const bool nothing = proposal.is_change && c.put_accounts.empty() && c.add_bindings.empty() &&
                         c.end_bindings.empty() && c.put_networks.empty() &&
                         c.remove_networks.empty();
    if (nothing) return false;
    if (proposal.is_change) ++proposal.after.version;
    return submit(proposal, now, faults);
}

Result<bool> Declarations::submit(Proposal& proposal, UtcTime now, unsigned faults) {
    const auto act = [&]() -> Status {
        if (!proposal.is_change)
            return box_->ledger().load_class_table(proposal.table, "simulation", now);
        TRY_ASSIGN(const bool changed, box_->ledger().apply(proposal.change, now));
        if (changed) return {};
        return fail(ErrorCode::failed,
                    "the ledger reports that a change of the directory changes nothing");
    };
    const std::uint64_t changes = changes_;
    const auto apply = [this, proposal] { return apply_if_stored(proposal); };
    TRY_ASSIGN(const FaultyLedger::Committed outcome, box_->change(act, faults, apply));
    if (outcome == FaultyLedger::Committed::disk_full) return false;
    // A change that was refused before may be durable after the crash. Then this change is missing.
    if (changes_ == changes) TRY(apply_if_stored(proposal));
    const bool crashed = outcome == FaultyLedger::Committed::crashed;
    if (changes_ == changes && !crashed)
        return fail(ErrorCode::failed, "a change of the directory is missing");
    return crashed;
}

Status Declarations::apply_if_stored(Proposal proposal) {
    TRY_ASSIGN(const bool stored, is_stored(proposal));
    if (!stored) return {};
    TRY(read_ids(proposal.after));
    rules_ = std::move(proposal.after);
    ++changes_;
    return {};
}

Result<bool> Declarations::is_stored(const Proposal& proposal) {
    if (!proposal.is_change) {
        TRY_ASSIGN(const std::string version, box_->ledger().current_class_version());
        return version == proposal.table.version;
    }
    TRY_ASSIGN(const std::uint64_t version, box_->ledger().directory_version());
    return version == proposal.after.version;
}

// The id that the ledger gave to a binding. It is needed to end the binding.
Status Declarations::read_ids(NaiveRules& rules) {
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
        const std::vector<std::string> names{"up0", "up1", "eth0", "eth1", "eth2"};
        b.kind = BindingKind::interface;
        b.value = r.pick(names);
    }
    return b;
}

// Bindings change only at the ends of buckets, in the past, now or in the future. There the naive
// rules, which use packets, and the ledger, which uses readings of a bucket, must agree to the
// byte.
UtcTime Declarations::some_edge(UtcTime now) {
    return bucket_start(now) + Duration::minutes(5 * random_->between(-12, 6));
}

void Declarations::propose_account(Proposal& proposal) {
    Random& r = *random_;
    std::vector<std::string> names;
    for (const auto& [name, parent] : rules_.parents) names.push_back(name);
    // "provider" stays at the top. An account without children may move to any parent.
    const std::string parent = r.pick(names);
    std::string name = fmt::format("customer-{}", names.size());
    if (names.size() >= accounts_max || r.chance(50)) {
        name = r.pick(names);
        const bool has_children = std::ranges::any_of(
            rules_.parents, [&](const auto& entry) { return entry.second == name; });
        if (name == "provider" || has_children || name == parent || rules_.parents[name] == parent)
            return;
    }
    proposal.change.put_accounts.push_back({name, parent, ""});
    proposal.after.parents[name] = parent;
}

void Declarations::propose_binding(Proposal& proposal, UtcTime now) {
    Random& r = *random_;
    NaiveBinding b = some_identity();
    std::vector<std::string> names;
    for (const auto& [name, parent] : rules_.parents) names.push_back(name);
    b.account = r.pick(names);
    if (r.chance(60)) b.from = some_edge(now);
    if (r.chance(40)) b.until = some_edge(now);
    if (b.until <= b.from) b.until = UtcTime::max();
    // Skip a binding that exists already: it would change nothing. Another test covers that.
    for (const NaiveBinding& other : rules_.bindings)
        if (other.kind == b.kind && other.value == b.value && other.account == b.account) return;
    proposal.change.add_bindings.push_back(for_ledger(b));
    proposal.after.bindings.push_back(b);
}

void Declarations::propose_end(Proposal& proposal, UtcTime now) {
    if (rules_.bindings.empty()) return;
    const auto at = static_cast<std::size_t>(random_->below(rules_.bindings.size()));
    const UtcTime end = some_edge(now);
    NaiveBinding& b = proposal.after.bindings[at];
    if (end >= b.until) return;
    proposal.change.end_bindings.push_back({b.id, end});
    if (end <= b.from)
        proposal.after.bindings.erase(proposal.after.bindings.begin() +
                                      static_cast<std::ptrdiff_t>(at));
    else
        b.until = end;
}

void Declarations::propose_network(Proposal& proposal) {
    Random& r = *random_;
    const std::vector<std::string> texts{"10.1.2.0/24", "10.2.1.0/24", "2001:db8:200::/48",
                                         "198.51.100.0/28", "10.1.0.7/32"};
    const std::string text = r.pick(texts);
    const Prefix prefix = *parse_prefix(text);
    auto& networks = proposal.after.networks;
    const auto there =
        std::ranges::find_if(networks, [&](const auto& n) { return n.prefix == prefix; });
    if (there != networks.end()) {
        networks.erase(there);
        proposal.change.remove_networks.push_back(text);
        return;
    }
    const bool per_address = r.chance(50);
    networks.push_back({prefix, per_address});
    proposal.change.put_networks.push_back({text, per_address});
}

void Declarations::propose_classes(Proposal& proposal) {
    Random& r = *random_;
    proposal.is_change = false;
    ClassTable& table = proposal.table;
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
    proposal.after.routes.clear();
    for (const Prefix& prefix : prefixes) {
        const auto index = static_cast<std::uint16_t>(r.below(table.classes.size()));
        table.routes.push_back({prefix, index});
        proposal.after.routes.push_back({prefix, table.classes[index]});
    }
    table.version = class_table_version(table);
    proposal.after.class_version = table.version;
    proposal.after.default_class = table.default_class;
}

}  // namespace octroi::sim
