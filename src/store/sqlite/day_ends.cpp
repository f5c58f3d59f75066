// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/day_ends.hpp"

#include "store/sqlite/end_views.hpp"

namespace octroi::sqlite {

Result<std::optional<DayEndKey>> DayEnds::row_of(const DayKey& key) {
    const bool outgoing = key.outgoing != 0;
    // What a holder exchanged with itself is in day_sum as sent and as received.
    if (key.near == key.far && !outgoing) return std::nullopt;
    TRY_ASSIGN(const PartyKind near, kinds_.kind_of(key.near));
    TRY_ASSIGN(const PartyKind far, kinds_.kind_of(key.far));
    const HolderEnd from{outgoing ? key.near : key.far, outgoing ? near : far};
    const HolderEnd to{outgoing ? key.far : key.near, outgoing ? far : near};
    for (const EndView& view : views_of(from, to)) {
        if (view.ends != SumEnds::both && (view.ends == SumEnds::from) != outgoing) continue;
        return DayEndKey{key.day, view.near, static_cast<std::int64_t>(view.ends),
                         static_cast<std::int64_t>(view.far), key.meter};
    }
    return std::nullopt;
}

}  // namespace octroi::sqlite
