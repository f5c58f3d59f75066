// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/mapping_changes.hpp"

#include <algorithm>
#include <utility>

namespace octroi::nat {

bool MappingChanges::set(const History& history, Mappings::iterator mapping) {
    MappingState& state = mapping->second;
    if (state.change.round == round_) {
        changes_[state.change.index].valid.end = state.end;
        return true;
    }
    if (changes_.size() >= limit_) return false;
    state.change = {round_, changes_.size()};
    changes_.push_back(translation_of(history, mapping->first, state));
    return true;
}

void MappingChanges::remove(const MappingState& state) {
    // Emptied and not erased: other mappings keep the indices of their entries. drain() drops it.
    if (state.change.round == round_) changes_[state.change.index] = {};
}

std::vector<Translation> MappingChanges::drain() {
    ++round_;
    std::vector<Translation> changes = std::exchange(changes_, {});
    std::erase_if(changes, [](const Translation& t) { return t.outside.empty(); });
    std::ranges::sort(changes);
    // A mapping that was evicted and reported again has two entries: the one with the earlier end
    // has the end that was reported.
    const auto [first, last] = std::ranges::unique(changes, is_same_but_for_end);
    changes.erase(first, last);
    return changes;
}

void MappingChanges::clear() {
    changes_.clear();
    ++round_;
}

}  // namespace octroi::nat
