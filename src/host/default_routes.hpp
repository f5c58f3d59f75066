// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The interfaces by which this machine reaches the rest of the world: those of the default routes
// in the main table, from rtnetlink(7).

#include <set>

namespace octroi {

// Indices of interfaces.
struct DefaultRoutes {
    std::set<int> leave_by_v4;
    std::set<int> leave_by_v6;
};

// Also a route that covers half of all addresses (0.0.0.0/1 of a VPN), and in IPv6 2000::/3, which
// are all global addresses. A table of any size is read at its beginning only: the kernel lists a
// default route before the routes to longer prefixes. A family that the kernel does not list, as
// IPv6 where it is disabled, has none.
[[nodiscard]] DefaultRoutes default_routes();

}  // namespace octroi
