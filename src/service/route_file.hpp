// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A routing table or prefix list from a file, compressed or not.

#include <functional>
#include <string>

#include "base/result.hpp"
#include "wire/routes/route_reader.hpp"

namespace octroi {

struct RouteFileEnd {
    RouteCounts counts;
    std::vector<RouteError> errors;
    std::string damage;  // the file could not be read to its end: why
};

using RouteUse = std::function<Status(const RouteBatch&, RouteFormat)>;

// Hands over the routes in batches. A file that holds no route at all in a known form is an error
// (corrupt); one that is damaged further on is read as far as it goes.
[[nodiscard]] Result<RouteFileEnd> read_routes(const std::string& path, const RouteUse& use);

// Says on standard error what could not be read. True: something was wrong.
bool report_problems(const std::string& path, const RouteFileEnd& end);

}  // namespace octroi
