// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/late_ends.hpp"

#include <algorithm>

namespace octroi {
namespace {

Volume sum_of(const std::map<Party, Volume>& parts) {
    Volume sum;
    for (const auto& [party, part] : parts) sum += part;
    return sum;
}

}  // namespace

void LateEnds::add_observed(const SliceKey& row, const Party& end, const Party& now,
                            const Volume& volume) {
    if (volume == Volume{}) return;
    if (!identities_.contains(end.identity) && !identities_.contains(now.identity)) return;
    Ends& ends = places_[{row.meter, row.bucket}].ends[end.identity];
    ends.now[end].insert(now);
    ends.observed[end] += volume;
    ends.wanted[now] += volume;
}

void LateEnds::add_booked(const SliceKey& row, const Party& end, const Volume& volume) {
    if (volume == Volume{}) return;
    const auto place = places_.find({row.meter, row.bucket});
    if (place != places_.end()) {
        const auto ends = place->second.ends.find(end.identity);
        if (ends != place->second.ends.end()) {
            ends->second.booked[end] += volume;
            return;
        }
    }
    if (identities_.contains(end.identity)) places_[{row.meter, row.bucket}].has_other = true;
}

// With one party for all it does not matter which of them an earlier correction moved. With several
// ones it does, unless none was moved, or all were.
bool LateEnds::Ends::show_who_moves() const {
    if (wanted.size() == 1) return sum_of(booked) == sum_of(observed);
    const bool is_unique =
        std::ranges::all_of(now, [](const auto& entry) { return entry.second.size() == 1; });
    return is_unique && (booked == observed || booked == wanted);
}

bool LateEnds::shows_ends(const SliceKey& row) const {
    const auto place = places_.find({row.meter, row.bucket});
    if (place == places_.end()) return true;
    return !place->second.has_other &&
           std::ranges::all_of(place->second.ends,
                               [](const auto& entry) { return entry.second.show_who_moves(); });
}

Party LateEnds::party_now(const SliceKey& row, const Party& booked) const {
    const auto place = places_.find({row.meter, row.bucket});
    if (place == places_.end()) return booked;
    const auto found = place->second.ends.find(booked.identity);
    if (found == place->second.ends.end()) return booked;
    const Ends& ends = found->second;
    if (ends.wanted.size() == 1) return ends.wanted.begin()->first;
    if (ends.booked == ends.wanted) return booked;
    const auto now = ends.now.find(booked);
    return now == ends.now.end() ? booked : *now->second.begin();
}

void LatePrices::add(const Party& from, const Party& to, const std::string& service,
                     const Volume& volume, Volume Sums::* sum) {
    if (from.kind == PartyKind::outside) classes_[from.name].*sum += volume;
    if (to.kind == PartyKind::outside) classes_[to.name].*sum += volume;
    services_[service].*sum += volume;
}

bool LatePrices::are_as_observed() const {
    const auto is_same = [](const auto& entry) {
        return entry.second.observed == entry.second.booked;
    };
    return std::ranges::all_of(classes_, is_same) && std::ranges::all_of(services_, is_same);
}

}  // namespace octroi
