// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/transfer_order.hpp"

#include <algorithm>
#include <numeric>

#include "base/narrow.hpp"

namespace octroi {

void sort_transfers(std::vector<Transfer>& transfers, std::vector<SampledVolume>& sampled) {
    if (std::is_sorted(transfers.begin(), transfers.end())) return;
    if (sampled.empty()) {
        std::sort(transfers.begin(), transfers.end());
        return;
    }
    std::vector<std::uint32_t> order(transfers.size());
    std::iota(order.begin(), order.end(), 0U);
    // A valid batch has no equal transfers; if there are, their order is kept.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return transfers[a] < transfers[b]; });
    std::vector<Transfer> sorted;
    std::vector<std::uint32_t> places(transfers.size());
    sorted.reserve(transfers.size());
    for (const std::uint32_t from : order) {
        places[from] = narrow<std::uint32_t>(sorted.size());
        sorted.push_back(transfers[from]);
    }
    transfers = std::move(sorted);
    for (SampledVolume& row : sampled)
        if (row.transfer < places.size()) row.transfer = places[row.transfer];
    std::sort(sampled.begin(), sampled.end());
}

}  // namespace octroi
