// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A transfer as its ends see it: SumEnds (ledger/query.hpp) for holders.

#include <array>
#include <cstddef>
#include <cstdint>

#include "ledger/query.hpp"

namespace octroi::sqlite {

struct HolderEnd {
    std::int64_t holder = 0;
    PartyKind kind = PartyKind::outside;
};

struct EndView {
    std::int64_t near = 0;  // holder
    SumEnds ends = SumEnds::both;
    PartyKind far = PartyKind::outside;  // for SumEnds::both: the kind of `near`
};

// One or two. A transfer between outside ends (transit) is seen by the sender.
class EndViews {
public:
    void add(const EndView& view) { views_.at(static_cast<std::size_t>(size_++)) = view; }
    [[nodiscard]] auto begin() const { return views_.begin(); }
    [[nodiscard]] auto end() const { return views_.begin() + size_; }

private:
    std::array<EndView, 2> views_{};
    std::ptrdiff_t size_ = 0;
};

[[nodiscard]] inline EndViews views_of(const HolderEnd& from, const HolderEnd& to) {
    EndViews views;
    if (from.kind == PartyKind::excluded || to.kind == PartyKind::excluded) {
        views.add({from.kind == PartyKind::excluded ? from.holder : to.holder, SumEnds::both,
                   PartyKind::excluded});
    } else if (from.holder == to.holder || (!is_local(from.kind) && !is_local(to.kind))) {
        views.add({from.holder, SumEnds::both, from.kind});
    } else {
        if (is_local(from.kind)) views.add({from.holder, SumEnds::from, to.kind});
        if (is_local(to.kind)) views.add({to.holder, SumEnds::to, from.kind});
    }
    return views;
}

}  // namespace octroi::sqlite
