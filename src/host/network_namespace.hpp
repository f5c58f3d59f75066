// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.hpp"

namespace octroi {

// A text that no other network namespace has until the next boot: the cookie of the namespace of
// this process (SO_NETNS_COOKIE, since Linux 5.14; before, the inode of /proc/self/ns/net, which a
// later namespace may have again). Numbers of interfaces, tables and rules are unique within a
// namespace only.
[[nodiscard]] Result<std::string> network_namespace();
// The cookie as a number. Errors: unsupported (before Linux 5.14).
[[nodiscard]] Result<std::uint64_t> network_namespace_cookie();
// The cookies of the namespaces of all processes, and of those with a name in /run/netns. One that
// only a descriptor or another mount keeps is not among them, nor one that may not be entered.
[[nodiscard]] std::set<std::uint64_t> existing_network_namespaces();

}  // namespace octroi
