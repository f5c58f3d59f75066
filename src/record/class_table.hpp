// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What kind of far end: a set of prefixes, each with a class; and classes of AS numbers and next
// hops, for readings that state them. As loaded and kept; attribution compiles it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace octroi {

struct ClassRoute {
    Prefix prefix;
    std::uint16_t class_index = 0;  // into ClassTable::classes

    auto operator<=>(const ClassRoute&) const = default;
};

// AS numbers first to last. For far ends that no prefix holds.
struct ClassAses {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint16_t class_index = 0;

    auto operator<=>(const ClassAses&) const = default;
};

// Destinations that were sent on to this router, whatever prefix holds them.
struct ClassNextHop {
    Address next_hop;
    std::uint16_t class_index = 0;

    auto operator<=>(const ClassNextHop&) const = default;
};

struct ClassTable {
    std::string version;        // hex hash of the content (attribute/class_table.hpp computes it)
    std::string default_class;  // where nothing below decides; "world" when nothing is loaded
    std::vector<std::string> classes;     // each once, at most 65535
    std::vector<ClassRoute> routes;       // sorted by prefix, each prefix once
    std::vector<ClassAses> ases;          // sorted, disjoint
    std::vector<ClassNextHop> next_hops;  // sorted, each next hop once
};

}  // namespace octroi
