// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What many paths say about each prefix, and which answer is taken. A dump holds the paths of
// dozens of peers, and they do not all agree; the answer must not depend on the order of peers,
// records or files.
//
// Rule: of one prefix the label with the most votes wins; of equals the one that `rank` puts first.

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

    // One label for each prefix, sorted by prefix. rank: a number for each label, smaller is
    // preferred.
    [[nodiscard]] std::vector<LpmEntry> winners(
        const std::function<std::uint32_t(std::uint32_t label)>& rank);

private:
    void fold();

    // Folded (sorted, equal pairs added up) whenever it has doubled: memory stays within twice the
    // distinct pairs, 28 octets each, however many paths come.
    std::vector<Row> rows_;
    std::size_t folded_ = 0;
};

}  // namespace octroi
