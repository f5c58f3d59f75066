// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/lease_events.hpp"

#include <algorithm>
#include <utility>

#include "record/identity_values.hpp"

namespace octroi::dhcp {

using leases::Lease;
using leases::LeaseState;

void LeaseEvents::add(const Lease& lease, UtcTime written) {
    if (!policy_.networks.empty() && !any_contains(policy_.networks, lease.prefix)) {
        ++counts_.outside;
        return;
    }
    Known* const known = find(lease.prefix, written);
    if (known == nullptr) return;
    known->pass = pass_;
    const auto removed = std::exchange(known->removed, std::nullopt);
    if (lease.state == LeaseState::removed) {
        known->removed = removed.value_or(written);
        held_back_.insert(lease.prefix);
        return;
    }
    if (lease.mac.empty()) {
        ++counts_.without_mac;
        const UtcTime begin = lease.begin.value_or(written);
        return end(*known, lease.prefix, std::min(begin, written));
    }
    hold(*known, lease, written);
    if (lease.state == LeaseState::ended)
        end(*known, lease.prefix, std::min(lease.end.value_or(written), written));
}

LeaseEvents::Known* LeaseEvents::find(const Prefix& prefix, UtcTime written) {
    const auto found = known_.find(prefix);
    if (found != known_.end()) return &found->second;
    if (known_.size() >= policy_.limit)
        std::erase_if(known_, [&](const auto& entry) {
            return !entry.second.held || entry.second.held->until <= written;
        });
    if (known_.size() >= policy_.limit) {
        ++counts_.refused;
        return nullptr;
    }
    return &known_[prefix];
}

void LeaseEvents::hold(Known& known, const Lease& lease, UtcTime written) {
    IdentityEvent event{std::min(lease.begin.value_or(written), written), identity_of(lease.prefix),
                        identity_of(lease.mac), lease.end.value_or(UtcTime::max())};
    if (event.at >= event.until) return;
    const bool is_held = known.held && (!known.ended || known.ended->at <= known.held->at);
    // Without a begin in the file, an unchanged lease has the same holder and end.
    if (!lease.begin && is_held && known.held->holder == event.holder &&
        known.held->until == event.until)
        return;
    push(known.held, std::move(event));
}

void LeaseEvents::end(Known& known, const Prefix& prefix, UtcTime at) {
    // A lease that begins and ends in the same second: the end is behind the begin.
    if (known.held && known.held->at == at) at = at + Duration{1};
    const bool has_ended = known.ended && (!known.held || known.ended->at >= known.held->at);
    // The file does not state when: the first time that it was read is the best one.
    if (has_ended && known.ended->at <= at) return;
    push(known.ended, {at, identity_of(prefix), no_holder()});
}

void LeaseEvents::push(std::optional<IdentityEvent>& last, IdentityEvent event) {
    if (last == event) return;
    last = event;
    events_.push_back(std::move(event));
    ++counts_.events;
}

void LeaseEvents::end_pass() {
    for (const Prefix& prefix : held_back_) {
        const auto found = known_.find(prefix);
        if (found == known_.end() || !found->second.removed) continue;
        end(found->second, prefix, *std::exchange(found->second.removed, std::nullopt));
    }
    held_back_.clear();
}

void LeaseEvents::end_complete(UtcTime written) {
    end_pass();
    for (auto at = known_.begin(); at != known_.end();) {
        if (at->second.pass == pass_) {
            ++at;
            continue;
        }
        if (at->second.held && at->second.held->until > written)
            end(at->second, at->first, written);
        at = known_.erase(at);
    }
}

std::vector<IdentityEvent> LeaseEvents::drain() { return std::exchange(events_, {}); }

}  // namespace octroi::dhcp
