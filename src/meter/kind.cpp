// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/kind.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace octroi {

const MeterKind* find_kind(MeterKinds kinds, std::string_view name) {
    const auto found = std::ranges::find(kinds, name, [](const MeterKind* k) { return k->name; });
    return found == kinds.end() ? nullptr : *found;
}

const MeterKind& default_kind(MeterKinds kinds) {
    const auto found = std::ranges::find_if(kinds, &MeterKind::runs_unconfigured);
    CHECK(found != kinds.end());  // a test looks at the table
    return **found;
}

}  // namespace octroi
