// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/past_directory.hpp"

#include <algorithm>
#include <utility>

#include "base/time.hpp"
#include "record/identity_kinds.hpp"

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

// The moments of the bucket at which a binding begins or ends, and its start.
std::vector<UtcTime> moments(const std::vector<Binding>& before, const std::vector<Binding>& now,
                             UtcTime bucket) {
    const Interval whole{bucket, bucket + bucket_length};
    std::vector<UtcTime> at = {bucket};
    for (const auto* list : {&before, &now}) {
        for (const Binding& binding : *list) {
            for (const UtcTime edge : {binding.valid.begin, binding.valid.end})
                if (whole.contains(edge)) at.push_back(edge);
        }
    }
    std::sort(at.begin(), at.end());
    return at;
}

}  // namespace

BindingIndex index_bindings(const std::vector<Binding>& bindings) {
    BindingIndex index;
    for (const Binding& binding : bindings) index[binding.identity].push_back(binding);
    for (auto& [identity, list] : index) std::ranges::sort(list, {}, &Binding::id);
    return index;
}

int rank_of(const Identity& identity) {
    const IdentityKindInfo* info = find_identity_kind(identity.kind);
    const int mac = find_identity_kind(IdentityKind::mac)->rank * 2;
    if (info == nullptr) return mac + 1;
    if (info->lookup != IdentityLookup::by_prefix) return info->rank * 2;
    const auto prefix = parse_prefix(identity.value);
    const bool is_single = prefix && prefix->length == prefix->address.bits();
    return is_single ? info->rank * 2 : mac + 1;
}

PastDirectory::PastDirectory(const Directory& before, const BindingIndex& now,
                             const std::vector<LocalNetwork>& local)
    : now_(&now), compiled_(before) {
    BindingIndex all = index_bindings(before.bindings);
    for (const auto& [identity, list] : all)
        if (bindings_of(now, identity) != list) touched_.push_back(identity);
    for (const auto& [identity, list] : now)
        if (!all.contains(identity)) touched_.push_back(identity);
    for (const Identity& identity : touched_) before_[identity] = bindings_of(all, identity);
    const auto has = [](const std::vector<LocalNetwork>& list, const LocalNetwork& network) {
        return std::ranges::find(list, network.prefix, &LocalNetwork::prefix) != list.end();
    };
    for (const LocalNetwork& network : before.networks)
        networks_changed_ = networks_changed_ || !has(local, network);
    for (const LocalNetwork& network : local) {
        if (has(before.networks, network)) continue;
        networks_changed_ = true;
        const auto prefix = parse_prefix(network.prefix);
        if (prefix && !compiled_.find_network(*prefix)) new_network_ = network.prefix;
    }
}

const std::vector<PastDirectory::Change>& PastDirectory::changes(UtcTime bucket) const {
    if (bucket_ == bucket) return changes_;
    changes_.clear();
    for (const Identity& identity : touched_)
        if (auto change = change_of(identity, bucket)) changes_.push_back(*std::move(change));
    bucket_ = bucket;
    return changes_;
}

std::optional<PastDirectory::Change> PastDirectory::change_of(const Identity& identity,
                                                              UtcTime bucket) const {
    const std::vector<Binding>& before = bindings_of(before_, identity);
    const std::vector<Binding>& now = bindings_of(*now_, identity);
    Change change{.identity = identity, .prefix = {}, .rank = rank_of(identity), .account = {}};
    bool differs = false;
    for (const UtcTime moment : moments(before, now, bucket)) {
        const Binding* was = binding_at(before, moment);
        const Binding* is = binding_at(now, moment);
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
    change.reaches_outside = true;
    if (identity.kind != IdentityKind::prefix) return change;
    const auto prefix = parse_prefix(identity.value);
    if (!prefix) return std::nullopt;
    change.prefix = *prefix;
    change.reaches_outside = !was_covered(*prefix, bucket);
    return change;
}

bool PastDirectory::was_local(const Prefix& prefix) const {
    return prefix.length == prefix.address.bits()
               ? compiled_.find_network(prefix.address).has_value()
               : compiled_.find_network(prefix).has_value();
}

bool PastDirectory::was_bound(const Prefix& prefix, UtcTime bucket) const {
    for (UtcTime at = bucket; at < bucket + bucket_length;) {
        const auto answer = compiled_.find_prefix(prefix, at);
        if (answer.bound) return true;
        at = answer.valid.end;
    }
    return false;
}

bool PastDirectory::was_covered(const Prefix& prefix, UtcTime bucket) const {
    if (was_local(prefix)) return true;
    const auto answer = compiled_.find_prefix(prefix, bucket);
    return answer.bound && answer.valid.end >= bucket + bucket_length;
}

}  // namespace octroi
