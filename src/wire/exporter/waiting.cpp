// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/waiting.hpp"

#include <utility>

namespace octroi::exporter {
namespace {

// An entry of by_key_ for each, and the number in it.
constexpr std::size_t overhead =
    sizeof(WaitingSet) + entry_octets<std::uint64_t, std::vector<std::uint64_t>> + 32;

}  // namespace

std::size_t Waiting::cost(std::size_t octets) noexcept { return octets + overhead; }

void Waiting::put(WaitingSet set) {
    octets_ += cost(set.octets.size());
    by_key_[set.key].push_back(first_ + sets_.size());
    sets_.push_back(std::move(set));
}

std::vector<WaitingSet> Waiting::take(std::uint64_t key) {
    std::vector<WaitingSet> out;
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return out;
    out.reserve(found->second.size());
    for (const std::uint64_t number : found->second) {
        WaitingSet& set = sets_[number - first_];
        octets_ -= set.octets.size();
        out.push_back(std::move(set));
        set.taken = true;
        set.octets = {};
    }
    by_key_.erase(found);
    drop_taken();
    return out;
}

bool Waiting::drop_oldest() {
    drop_taken();
    if (sets_.empty()) return false;
    const WaitingSet& oldest = sets_.front();
    octets_ -= cost(oldest.octets.size());
    const auto found = by_key_.find(oldest.key);
    // The oldest of all is the oldest of its key.
    if (found->second.size() == 1) {
        by_key_.erase(found);
    } else {
        found->second.erase(found->second.begin());
    }
    sets_.pop_front();
    ++first_;
    return true;
}

// What was taken from the middle keeps its place, and is charged for it, until those before it are
// gone.
void Waiting::drop_taken() {
    while (!sets_.empty() && sets_.front().taken) {
        octets_ -= overhead;
        sets_.pop_front();
        ++first_;
    }
}

}  // namespace octroi::exporter
