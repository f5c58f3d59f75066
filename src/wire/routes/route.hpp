// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the decoders of routing tables hand over: batches of plain values.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace octroi {

// One prefix and where it comes from, as one or several peers say. Ranges refer to the batch.
struct Route {
    Prefix prefix;
    // How many paths of the same record say the same (TABLE_DUMP_V2 lists every peer's path).
    std::uint32_t votes = 1;
    std::uint32_t origins_begin = 0;
    std::uint32_t origins_count = 0;
    std::uint32_t word_begin = 0;
    std::uint32_t word_size = 0;
};

// Filled by RouteReader, emptied (memory kept) by whoever reads it. Views are valid until clear().
struct RouteBatch {
    std::vector<Route> routes;
    std::vector<std::uint32_t> origins;
    std::string words;

    void clear() noexcept {
        routes.clear();
        origins.clear();
        words.clear();
    }
    // The last AS of the path: one number; the members (ascending, each once) if the path ends in
    // an AS_SET; none for a route of the table's own AS, or where only a word is known.
    [[nodiscard]] std::span<const std::uint32_t> origins_of(const Route& route) const noexcept {
        return std::span(origins).subspan(route.origins_begin, route.origins_count);
    }
    // Prefix lists: the second column where it is not a number; empty otherwise.
    [[nodiscard]] std::string_view word_of(const Route& route) const noexcept {
        return std::string_view(words).substr(route.word_begin, route.word_size);
    }
};

// What a reader has met. Everything read is in exactly one of records.. + bad.. of its format.
struct RouteCounts {
    std::uint64_t records = 0;  // MRT records, or lines of a list (comments and blanks too)
    std::uint64_t routes = 0;   // paths announced (votes)
    std::uint64_t ignored = 0;  // good records that announce nothing: peer tables, state changes
    std::uint64_t unsupported = 0;    // records of a type, subtype or address family not decoded
    std::uint64_t malformed = 0;      // records or lines that break their format; routes before the
                                      // break are kept
    std::uint64_t truncated = 0;      // 1 when the input ends inside a record
    std::uint64_t unread_octets = 0;  // of that last record
};

// Where a record or line could not be read. `place` is the line (from 1) of a prefix list, or the
// octet offset (from 0) of an MRT record in the uncompressed input.
struct RouteError {
    std::uint64_t place = 0;
    std::string text;
};

}  // namespace octroi
