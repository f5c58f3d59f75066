// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/past_directory.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "attribute/session_bindings.hpp"

#include "base/time.hpp"

namespace octroi {
namespace {

// Of the bindings that are valid at the time the newest; nullptr: none.
const Binding* binding_at(const std::vector<Binding>& bindings, UtcTime time) {
    const auto found = std::find_if(bindings.rbegin(), bindings.rend(),
                                    [&](const Binding& b) { return b.valid.contains(time); });
    return found == bindings.rend() ? nullptr : &*found;
}

const std::vector<Binding>& bindings_of(const BindingIndex& index, const Identity& identity) {
    static const std::vector<Binding> none;
    const auto found = index.find(identity);
    return found == index.end() ? none : found->second;
}

// The moments of the bucket at which a binding begins or ends, and its start. Narrows `stable` to
// the time in which the bindings are as in the bucket.
std::vector<UtcTime> moments(const std::vector<Binding>& before, const std::vector<Binding>& now,
                             UtcTime bucket, Interval& stable) {
    const UtcTime end = bucket + bucket_length;
    std::vector<UtcTime> at = {bucket};
    for (const auto* list : {&before, &now}) {
        for (const Binding& binding : *list) {
            for (const UtcTime edge : {binding.valid.begin, binding.valid.end}) {
                if (edge > bucket && edge < end) at.push_back(edge);
                if (edge <= bucket) stable.begin = std::max(stable.begin, edge);
                if (edge >= end) stable.end = std::min(stable.end, edge);
            }
        }
    }
    if (at.size() > 1) stable = {bucket, end};
    std::sort(at.begin(), at.end());
    return at;
}

bool has_whole_bucket(const Interval& interval, UtcTime bucket) {
    return interval.begin <= bucket && interval.end >= bucket + bucket_length;
}

Interval both(const Interval& a, const Interval& b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

}  // namespace

BindingIndex index_bindings(const std::vector<Binding>& bindings) {
    BindingIndex index;
    for (const Binding& binding : bindings) index[binding.identity].push_back(binding);
    for (auto& [identity, list] : index) std::ranges::sort(list, {}, &Binding::id);
    return index;
}

PastTablesOfVersion PastTablesOfVersion::of(Directory directory) {
    PastTablesOfVersion tables;
    tables.compiled = std::make_shared<const CompiledDirectory>(directory);
    tables.bindings = std::make_shared<const BindingIndex>(index_bindings(directory.bindings));
    tables.directory = std::make_shared<const Directory>(std::move(directory));
    return tables;
}

PastDirectory::PastDirectory(PastTablesOfVersion before, const BindingIndex& now,
                             const std::vector<LocalNetwork>& local,
                             const std::vector<Identity>* candidates)
    : before_(std::move(before)) {
    std::set<Identity> all;
    if (candidates == nullptr) {
        for (const auto& [identity, list] : *before_.bindings) all.insert(identity);
        for (const auto& [identity, list] : now) all.insert(identity);
        if (before_.sessions)
            before_.sessions->each([&](const HeldSessions& held) { all.insert(held.held); });
    } else {
        all.insert(candidates->begin(), candidates->end());
    }
    for (const Identity& identity : all) {
        std::vector<Binding> list = bindings_before(identity);
        const auto& list_now = bindings_of(now, identity);
        if (list_now != list) add_touched(identity, std::move(list), list_now);
    }
    compare_networks(*before_.directory, local);
}

std::vector<Binding> PastDirectory::bindings_before(const Identity& identity) const {
    std::vector<Binding> list;
    const auto key = before_.sessions ? HeldKey::of(identity) : std::nullopt;
    const HeldSessions* held = key ? before_.sessions->find(*key) : nullptr;
    if (held != nullptr) list = session_bindings(*before_.compiled, *before_.sessions, *held);
    const auto& declared = bindings_of(*before_.bindings, identity);
    list.insert(list.end(), declared.begin(), declared.end());
    return list;
}

void PastDirectory::add_touched(const Identity& identity, std::vector<Binding> before,
                                const std::vector<Binding>& now) {
    Touched touched;
    touched.identity = identity;
    touched.rank = rank_of(identity);
    touched.before = std::move(before);
    touched.now = &now;
    if (identity.kind == IdentityKind::prefix) {
        const auto prefix = parse_prefix(identity.value);
        if (!prefix) return;
        touched.prefix = *prefix;
    }
    touched_.push_back(std::move(touched));
}

void PastDirectory::compare_networks(const Directory& before,
                                     const std::vector<LocalNetwork>& local) {
    const auto has = [](const std::vector<LocalNetwork>& list, const LocalNetwork& network) {
        return std::ranges::find(list, network.prefix, &LocalNetwork::prefix) != list.end();
    };
    for (const LocalNetwork& network : before.networks)
        networks_changed_ = networks_changed_ || !has(local, network);
    for (const LocalNetwork& network : local) {
        if (has(before.networks, network)) continue;
        networks_changed_ = true;
        const auto prefix = parse_prefix(network.prefix);
        if (prefix && !before_.compiled->find_network(*prefix)) new_network_ = network.prefix;
    }
}

const ChangedBindings& PastDirectory::changes(UtcTime bucket) const {
    if (has_whole_bucket(stable_, bucket)) return changes_;
    bool differs = false;
    stable_ = {};
    for (const Touched& touched : touched_) {
        if (!has_whole_bucket(touched.stable, bucket)) {
            auto change = change_of(touched, bucket, touched.stable);
            differs = differs || change != touched.change;
            touched.change = std::move(change);
        }
        stable_ = both(stable_, touched.stable);
    }
    if (!differs) return changes_;
    std::vector<BindingChange> changes;
    for (const Touched& touched : touched_)
        if (touched.change) changes.push_back(*touched.change);
    changes_ = ChangedBindings(std::move(changes));
    return changes_;
}

std::optional<BindingChange> PastDirectory::change_of(const Touched& touched, UtcTime bucket,
                                                      Interval& stable) const {
    BindingChange change{.identity = touched.identity,
                         .prefix = touched.prefix,
                         .rank = touched.rank,
                         .account = {}};
    bool differs = false;
    stable = {};
    for (const UtcTime moment : moments(touched.before, *touched.now, bucket, stable)) {
        const Binding* was = binding_at(touched.before, moment);
        const Binding* is = binding_at(*touched.now, moment);
        const bool same = was == nullptr || is == nullptr
                              ? was == is
                              : was->account == is->account && was->per_address == is->per_address;
        differs = differs || !same;
        if (is == nullptr || was != nullptr) continue;
        if (!change.is_new) change.account = is->account;
        if (change.account != is->account) change.account.clear();
        change.is_new = true;
    }
    if (!differs) return std::nullopt;
    change.reaches_outside = touched.identity.kind != IdentityKind::prefix ||
                             !was_covered(touched.prefix, bucket, stable);
    return change;
}

bool PastDirectory::was_local(const Prefix& prefix) const {
    return prefix.length == prefix.address.bits()
               ? before_.compiled->find_network(prefix.address).has_value()
               : before_.compiled->find_network(prefix).has_value();
}

bool PastDirectory::was_bound(const Prefix& prefix, UtcTime bucket) const {
    for (UtcTime at = bucket; at < bucket + bucket_length;) {
        const auto answer = find_prefix(prefix, at);
        if (answer.bound) return true;
        at = answer.valid.end;
    }
    return false;
}

bool PastDirectory::was_covered(const Prefix& prefix, UtcTime bucket, Interval& stable) const {
    if (was_local(prefix)) return true;
    const auto answer = find_prefix(prefix, bucket);
    const bool is_stable = answer.valid.end >= bucket + bucket_length;
    stable = is_stable ? both(stable, answer.valid) : Interval{bucket, bucket + bucket_length};
    return answer.bound && is_stable;
}

}  // namespace octroi
