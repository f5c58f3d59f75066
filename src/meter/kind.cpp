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
    CHECK(found != kinds.end());
    return **found;
}

OptionTable option_table(MeterKinds kinds) {
    std::vector<MeterOptions> options;
    for (const MeterKind* kind : kinds)
        options.push_back({kind->name, kind->help, kind->doc, kind->options, kind->check_options,
                           kind->runs_unconfigured, kind->scope, kind->has_both_ends});
    return make_option_table(options);
}

std::vector<const MeterConfig*> meters_of(const MeterKind& kind,
                                          std::span<const MeterConfig> meters) {
    std::vector<const MeterConfig*> own;
    for (const MeterConfig& meter : meters)
        if (meter.kind == kind.name) own.push_back(&meter);
    return own;
}

}  // namespace octroi
