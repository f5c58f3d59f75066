// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decides among the labels that many paths give to a prefix. A dump has the paths of dozens of
// peers, which do not all agree. The result does not depend on the order of peers, records or
// files.
//
// Rule: the label with the most votes wins; of several the one with the smallest `rank`.

#include <cstdint>
#include <functional>
#include <vector>

#include "attribute/lpm.hpp"
#include "base/address.hpp"

namespace octroi {

class RouteVotes {
public:
    struct Row {
        Prefix prefix;
        std::uint32_t label = 0;
        std::uint32_t votes = 0;
    };

    void add(const Prefix& prefix, std::uint32_t label, std::uint32_t votes);

    // Sorted by prefix and label, each pair once. Valid until the next add().
    [[nodiscard]] const std::vector<Row>& rows();

    // One label for each prefix, sorted by prefix. rank: of a label; the smaller one is preferred.
    [[nodiscard]] std::vector<LpmEntry> winners(
        const std::function<std::uint32_t(std::uint32_t label)>& rank);

private:
    void fold();

    // fold() sorts the rows and adds up equal pairs. It runs whenever their number has doubled, so
    // that memory is bounded by twice the distinct pairs (28 octets each), not by the paths.
    std::vector<Row> rows_;
    std::size_t folded_ = 0;
};

}  // namespace octroi
