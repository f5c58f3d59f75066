// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sampling_rates.hpp"

#include <algorithm>
#include <utility>

namespace octroi::exporter {
namespace {

bool less(const SamplingRates::Entry& a, const SamplingRates::Entry& b) { return a.key < b.key; }

std::uint64_t find_in(const std::vector<SamplingRates::Entry>& entries,
                      const SamplerKey& key) noexcept {
    const auto found = std::ranges::lower_bound(entries, key, {}, &SamplingRates::Entry::key);
    return found != entries.end() && found->key == key ? found->rate : 0;
}

}  // namespace

SamplingRates::SamplingRates(std::vector<Entry> entries) : entries_(std::move(entries)) {
    std::stable_sort(entries_.begin(), entries_.end(), less);
    // std::unique keeps the first of equal keys: read backwards, that is the last.
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    const auto kept = std::unique(entries_.rbegin(), entries_.rend(), same);
    entries_.erase(entries_.begin(), kept.base());
    list_shared();
}

// Samplers and interfaces belong to the device.
void SamplingRates::list_shared() {
    for (const Entry& entry : entries_) {
        const bool is_shared =
            entry.key.scope == SamplerScope::selector || entry.key.scope == SamplerScope::interface;
        if (!is_shared) continue;
        in_any_domain_.push_back(entry);
        in_any_domain_.back().key.observation_domain = 0;
    }
    std::stable_sort(in_any_domain_.begin(), in_any_domain_.end(), less);
    auto kept = in_any_domain_.begin();
    for (auto at = in_any_domain_.begin(); at != in_any_domain_.end(); ++at) {
        if (kept != in_any_domain_.begin() && (kept - 1)->key == at->key) {
            if ((kept - 1)->rate != at->rate) (kept - 1)->rate = 0;
        } else {
            *kept++ = *at;
        }
    }
    in_any_domain_.erase(kept, in_any_domain_.end());
}

std::uint64_t SamplingRates::find(const SamplerKey& key) const noexcept {
    return find_in(entries_, key);
}

std::uint64_t SamplingRates::find_in_any_domain(const SamplerKey& key) const noexcept {
    SamplerKey any = key;
    any.observation_domain = 0;
    return find_in(in_any_domain_, any);
}

}  // namespace octroi::exporter
