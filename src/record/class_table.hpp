// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What kind of far end: a set of prefixes, each with a class. As loaded and kept; attribution
// compiles it for longest prefix match.

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

struct ClassTable {
    std::string version;        // hex hash of the content (attribute/class_table.hpp computes it)
    std::string default_class;  // of addresses that no prefix holds; "world" when nothing is loaded
    std::vector<std::string> classes;  // each once, at most 65535
    std::vector<ClassRoute> routes;    // sorted by prefix, each prefix once
};

}  // namespace octroi
