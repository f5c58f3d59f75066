// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Classes of far ends: of prefixes, of AS numbers, and of next hops (for readings that state them).
// This is the stored form; attribution compiles it.

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

// AS numbers first to last, for far ends that no prefix contains.
struct ClassAses {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint16_t class_index = 0;

    auto operator<=>(const ClassAses&) const = default;
};

// Destinations of traffic that was forwarded to this router, whatever prefix contains them.
struct ClassNextHop {
    Address next_hop;
    std::uint16_t class_index = 0;

    auto operator<=>(const ClassNextHop&) const = default;
};

struct ClassTable {
    std::string version;        // hex hash of the content (attribute/class_table.hpp computes it)
    std::string default_class;  // if nothing below decides; "world" if no table is loaded
    std::vector<std::string> classes;     // each once, at most 65535
    std::vector<ClassRoute> routes;       // sorted by prefix, each prefix once
    std::vector<ClassAses> ases;          // sorted, disjoint
    std::vector<ClassNextHop> next_hops;  // sorted, each next hop once
};

}  // namespace octroi
