// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads a routing table or a prefix list from a file, which may be compressed.

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "wire/routes/route_reader.hpp"

namespace octroi {

struct RouteFileEnd {
    RouteCounts counts;
    std::vector<RouteError> errors;
    std::string damage;  // why the file could not be read to its end; empty: it was
};

using RouteUse = std::function<Status(const RouteBatch&, RouteFormat)>;

// Hands over the routes in batches. octets_max: of the content, unpacked. Errors: corrupt (the file
// has no route in a known format), over_limit (more than octets_max). A file that is damaged later
// is read up to the damage.
[[nodiscard]] Result<RouteFileEnd> read_routes(const std::string& path, const RouteUse& use,
                                               std::uint64_t octets_max = UINT64_MAX);

// Logs errors and damage. True: there were some.
bool report_problems(const std::string& path, const RouteFileEnd& end);

}  // namespace octroi
