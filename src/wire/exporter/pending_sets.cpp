// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/pending_sets.hpp"

#include <algorithm>
#include <utility>

#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

PendingSets::~PendingSets() {
    memory_.release(octets_);
    total_.release(octets_);
}

std::size_t PendingSets::cost(std::size_t octets) noexcept { return octets + overhead; }

bool PendingSets::fits(std::size_t charge) const noexcept {
    return octets_ + charge <= limits_.pending_octets && total_.fits(charge);
}

void PendingSets::add(PendingSet set) {
    const std::size_t charge = cost(set.octets.size());
    octets_ += charge;
    memory_.charge(charge);
    total_.charge(charge);
    by_key_[set.key].push_back(next_);
    sets_.emplace_hint(sets_.end(), next_++, std::move(set));
}

void PendingSets::release(const PendingSet& set) noexcept {
    const std::size_t charge = cost(set.octets.size());
    octets_ -= charge;
    memory_.release(charge);
    total_.release(charge);
}

std::vector<PendingSet> PendingSets::extract(const PendingKey& key, const Condition& condition) {
    std::vector<PendingSet> out;
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return out;
    std::erase_if(found->second, [&](std::uint64_t number) {
        const auto set = sets_.find(number);
        if (!condition(set->second)) return false;
        release(set->second);
        out.push_back(std::move(set->second));
        sets_.erase(set);
        return true;
    });
    if (found->second.empty()) by_key_.erase(found);
    return out;
}

bool PendingSets::drop_oldest() {
    if (sets_.empty()) return false;
    const PendingSet& oldest = sets_.begin()->second;
    release(oldest);
    const auto found = by_key_.find(oldest.key);
    // The oldest of all is the oldest of its key.
    if (found->second.size() == 1) {
        by_key_.erase(found);
    } else {
        found->second.erase(found->second.begin());
    }
    sets_.erase(sets_.begin());
    return true;
}

std::size_t PendingSets::expire(UtcTime now) {
    if (sets_.empty()) return 0;
    if (sets_.begin()->second.since > now)
        for (auto& [number, set] : sets_) set.since = std::min(set.since, now);
    std::size_t count = 0;
    for (; !sets_.empty() && sets_.begin()->second.since + lifetime < now; ++count) drop_oldest();
    return count;
}

std::size_t PendingSets::drop_stream(StreamKey stream) {
    std::vector<PendingKey> keys;
    for (const auto& [key, arrivals] : by_key_)
        if (key.stream == stream) keys.push_back(key);
    std::size_t count = 0;
    for (const PendingKey& key : keys)
        count += extract(key, [](const PendingSet&) { return true; }).size();
    return count;
}

void PendingSets::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(sets_.size()));
    for (const auto& [number, set] : sets_) {
        to.be64(set.key.stream);
        to.be16(set.key.template_id);
        put(to, set.context);
        put(to, set.origin);
        put(to, set.since);
        to.text(set.octets);
    }
}

bool PendingSets::restore(ByteCursor& from) {
    std::uint32_t count = 0;
    if (!from.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        PendingSet set;
        if (!from.be64(set.key.stream) || !from.be16(set.key.template_id)) return false;
        if (!get(from, set.context) || !get(from, set.origin)) return false;
        if (!get(from, set.since) || !from.text(set.octets)) return false;
        if (!fits(cost(set.octets.size()))) return false;
        add(std::move(set));
    }
    return true;
}

}  // namespace octroi::exporter
