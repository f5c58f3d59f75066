// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Sums of volumes that are shown, not booked. Sources can be forged, so that in a long run a sum
// may not fit into 64 bits. Then it stays at the highest value, so that the report is still
// possible. Sums for a bill use checked_add().

#include <cstdint>

#include "base/quantity.hpp"

namespace octroi {

template <typename Quantity>
[[nodiscard]] constexpr Quantity saturated_sum(Quantity a, Quantity b) noexcept {
    return Quantity(checked_add(a.value(), b.value()).value_or(UINT64_MAX));
}

constexpr void add_saturated(Volume& total, const Volume& more) noexcept {
    total.bytes = saturated_sum(total.bytes, more.bytes);
    total.packets = saturated_sum(total.packets, more.packets);
    total.flows = saturated_sum(total.flows, more.flows);
}

}  // namespace octroi
