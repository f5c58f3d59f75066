// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The output of the decoders of routing tables: batches of plain values.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace octroi {

// One prefix with its origins. The ranges index RouteBatch::origins and RouteBatch::labels.
struct Route {
    Prefix prefix;
    // The number of paths of the same record with the same origins: TABLE_DUMP_V2 lists the path of
    // every peer.
    std::uint32_t votes = 1;
    std::uint32_t origins_begin = 0;
    std::uint32_t origins_count = 0;
    std::uint32_t label_begin = 0;
    std::uint32_t label_size = 0;
    std::uint32_t line = 0;  // of a prefix list, from 1; 0: of an MRT record
};

// RouteReader appends; the caller reads the routes and calls clear(), which keeps the memory. Views
// are valid until then.
struct RouteBatch {
    std::vector<Route> routes;
    std::vector<std::uint32_t> origins;
    std::string labels;

    void clear() noexcept {
        routes.clear();
        origins.clear();
        labels.clear();
    }
    // The origin AS of the path: one number. If the path ends in an AS_SET: its members, ascending,
    // without duplicates. Empty for a route that the AS of the table itself originates, and for a
    // line of a prefix list without an AS number.
    [[nodiscard]] std::span<const std::uint32_t> origins_of(const Route& route) const noexcept {
        return std::span(origins).subspan(route.origins_begin, route.origins_count);
    }
    // Prefix lists: the second column if it is not a number. Otherwise empty.
    [[nodiscard]] std::string_view label_of(const Route& route) const noexcept {
        return std::string_view(labels).substr(route.label_begin, route.label_size);
    }
};

// Counters of one input. ignored, unsupported and malformed are parts of records.
struct RouteCounts {
    std::uint64_t records = 0;        // MRT records, or all lines of a list
    std::uint64_t routes = 0;         // announced paths (votes)
    std::uint64_t ignored = 0;        // valid, but announce nothing: peer tables, comments
    std::uint64_t unsupported = 0;    // records of a type, subtype or address family not decoded
    std::uint64_t malformed = 0;      // violate the format: nothing of them is kept
    std::uint64_t truncated = 0;      // 1: the input ends within a record
    std::uint64_t unread_octets = 0;  // of that last record
};

// A record or line that could not be read. place: the line of a prefix list, from 1, or the offset
// of an MRT record in the uncompressed input, in octets from 0.
struct RouteError {
    std::uint64_t place = 0;
    std::string text;
};

}  // namespace octroi
