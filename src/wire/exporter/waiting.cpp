// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/waiting.hpp"

#include <algorithm>
#include <utility>

namespace octroi::exporter {
namespace {

// An entry of by_key_ for each, with the number in it, and a node of the map.
constexpr std::size_t overhead =
    sizeof(WaitingSet) + entry_octets<WaitingKey, std::vector<std::uint64_t>> + 8 * 16;

}  // namespace

std::size_t Waiting::cost(std::size_t octets) noexcept { return octets + overhead; }

void Waiting::put(WaitingSet set) {
    octets_ += cost(set.octets.size());
    by_key_[set.key].push_back(next_);
    sets_.emplace_hint(sets_.end(), next_++, std::move(set));
}

std::vector<WaitingSet> Waiting::take(const WaitingKey& key) {
    std::vector<WaitingSet> out;
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return out;
    out.reserve(found->second.size());
    for (const std::uint64_t number : found->second) {
        const auto set = sets_.find(number);
        octets_ -= cost(set->second.octets.size());
        out.push_back(std::move(set->second));
        sets_.erase(set);
    }
    by_key_.erase(found);
    return out;
}

bool Waiting::drop_oldest() {
    if (sets_.empty()) return false;
    const WaitingSet& oldest = sets_.begin()->second;
    octets_ -= cost(oldest.octets.size());
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

std::size_t Waiting::expire(UtcTime now, Duration longest) {
    if (sets_.empty()) return 0;
    if (sets_.begin()->second.since > now)
        for (auto& [number, set] : sets_) set.since = std::min(set.since, now);
    std::size_t count = 0;
    for (; !sets_.empty() && sets_.begin()->second.since + longest < now; ++count) drop_oldest();
    return count;
}

std::size_t Waiting::drop_stream(std::uint64_t stream) {
    std::vector<WaitingKey> keys;
    for (const auto& [key, numbers] : by_key_)
        if (key.stream == stream) keys.push_back(key);
    std::size_t count = 0;
    for (const WaitingKey& key : keys) count += take(key).size();
    return count;
}

}  // namespace octroi::exporter
