// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decides among the labels that many paths give to a prefix. A dump has the paths of dozens of
// peers, which do not all agree. The result does not depend on the order of peers, records or
// files.
//
// Rule: the label with the most votes wins; of several the one with the smallest `rank`. Lines of
// prefix lists that state a label are not outvoted: see remove_conflicts().
//
// Memory: 32 octets for each pair of prefix and label, at most twice pairs_max of them while they
// are collected.

#include <cstdint>
#include <functional>
#include <vector>

#include "attribute/lpm.hpp"
#include "base/address.hpp"

namespace octroi {

// The line of a prefix list that states the label of its prefix. line 0: none does.
struct RoutePlace {
    std::uint16_t file = 0;  // the caller's number of the file
    std::uint32_t line = 0;

    auto operator<=>(const RoutePlace&) const = default;
};

class RouteVotes {
public:
    // The largest full routing tables have 1.3 million prefixes (2026).
    static constexpr std::size_t pairs_max = 4'000'000;

    struct Row {
        Prefix prefix;
        std::uint16_t file = 0;  // of the first place that states the label
        std::uint32_t line = 0;
        std::uint32_t label = 0;
        std::uint32_t votes = 0;

        [[nodiscard]] RoutePlace place() const noexcept { return {file, line}; }
    };

    // pairs_limit: tests pass a smaller one.
    explicit RouteVotes(std::size_t pairs_limit = pairs_max) noexcept : limit_(pairs_limit) {}

    // False: there are more pairs of prefix and label than the limit, and the row was not added.
    [[nodiscard]] bool add(const Prefix& prefix, std::uint32_t label, std::uint32_t votes,
                           RoutePlace place = {});

    // Removes the prefixes to which lines of prefix lists state different labels; visit() gets two
    // such rows of each. Returns their number.
    std::uint64_t remove_conflicts(const std::function<void(const Row&, const Row&)>& visit);

    // Sorted by prefix and label, each pair once. Valid until the next add().
    [[nodiscard]] const std::vector<Row>& rows();

    // One label for each prefix, sorted by prefix. rank: of a label; the smaller one is preferred.
    [[nodiscard]] std::vector<LpmEntry> winners(
        const std::function<std::uint32_t(std::uint32_t label)>& rank);

private:
    void fold();

    // fold() sorts the rows and adds up equal pairs. It runs whenever their number has doubled, so
    // that memory is bounded by twice the distinct pairs (32 octets each), not by the paths.
    std::vector<Row> rows_;
    std::size_t folded_ = 0;
    std::size_t limit_;
};

}  // namespace octroi
