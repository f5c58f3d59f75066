// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/eviction_order.hpp"

#include <algorithm>
#include <iterator>

namespace octroi::exporter {

EvictionOrder::Standing EvictionOrder::standing_of(const Exporter& exporter) const noexcept {
    if (exporter.records == 0) return no_records;
    return exporter.records < limits_.few_records ? few_records : established;
}

void EvictionOrder::add(Exporter& exporter) {
    exporter.standing = standing_of(exporter);
    Ring& ring = rings_[exporter.standing];
    exporter.place = ring.insert(ring.end(), &exporter);
}

void EvictionOrder::touch(Exporter& exporter) noexcept {
    Ring& from = rings_[exporter.standing];
    exporter.standing = standing_of(exporter);
    Ring& to = rings_[exporter.standing];
    to.splice(to.end(), from, exporter.place);
}

void EvictionOrder::remove(Exporter& exporter) noexcept {
    rings_[exporter.standing].erase(exporter.place);
}

Exporter* EvictionOrder::silent_for(Duration least, Ring& ring, UtcTime now,
                                    const Exporter* except) const noexcept {
    auto at = ring.begin();
    if (at != ring.end() && *at == except) ++at;
    if (at == ring.end()) return nullptr;
    Exporter* const first = *at;
    if (first->last_seen > now)
        for (; at != ring.end(); ++at) (*at)->last_seen = std::min((*at)->last_seen, now);
    return now - first->last_seen < least ? nullptr : first;
}

Exporter* EvictionOrder::candidate(UtcTime now, const Exporter* except) noexcept {
    const Duration few{std::min(limits_.few_idle_ns, limits_.idle_ns)};
    if (Exporter* found = silent_for({}, rings_[no_records], now, except)) return found;
    if (Exporter* found = silent_for(few, rings_[few_records], now, except)) return found;
    return silent_for({limits_.idle_ns}, rings_[established], now, except);
}

}  // namespace octroi::exporter
