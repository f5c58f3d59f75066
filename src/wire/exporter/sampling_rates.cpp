// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sampling_rates.hpp"

#include <algorithm>
#include <utility>

namespace octroi::exporter {

SamplingRates::SamplingRates(std::vector<Entry> entries) : entries_(std::move(entries)) {
    const auto less = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    std::stable_sort(entries_.begin(), entries_.end(), less);
    // std::unique keeps the first of equal keys: read backwards, that is the last.
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    const auto kept = std::unique(entries_.rbegin(), entries_.rend(), same);
    entries_.erase(entries_.begin(), kept.base());
}

std::uint64_t SamplingRates::find(const SamplerKey& key) const noexcept {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), key,
                         [](const Entry& e, const SamplerKey& k) { return e.key < k; });
    return found != entries_.end() && found->key == key ? found->rate : 0;
}

}  // namespace octroi::exporter
