// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Routes by origin AS, without classes: for `inspect routes` and its look-ups.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "attribute/lpm.hpp"
#include "attribute/route_votes.hpp"

namespace octroi {

class OriginTable {
public:
    // Of a route: its origin ASes (none: the AS of the table itself), or the word of a prefix list.
    struct Origin {
        std::vector<std::uint32_t> ases;
        std::string word;

        auto operator<=>(const Origin&) const = default;
    };
    struct Match {
        Prefix prefix;
        const Origin* origin = nullptr;  // belongs to the table
    };

    // False: there are too many routes (RouteVotes::pairs_max), and this one was not added.
    [[nodiscard]] bool add(const Prefix& prefix, std::span<const std::uint32_t> ases,
                           std::string_view word, std::uint32_t votes);

    // Distinct pairs of prefix and origin, sorted by prefix.
    [[nodiscard]] const std::vector<RouteVotes::Row>& rows() { return votes_.rows(); }
    [[nodiscard]] const Origin& origin(const RouteVotes::Row& row) const {
        return origins_[row.label];
    }

    // find() searches the entries added before the last compile().
    void compile();
    [[nodiscard]] std::optional<Match> find(const Address& address) const;

private:
    std::vector<Origin> origins_;
    boost::unordered_flat_map<std::string, std::uint32_t> labels_;  // by the origin's octets
    std::string key_;
    RouteVotes votes_;
    std::vector<LpmEntry> winners_;
    Lpm lpm_;
};

}  // namespace octroi
