// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The neighbour tables of this network namespace (ARP, IPv6 neighbour discovery), from
// rtnetlink(7).

#include <optional>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

// The link layer address that the kernel has for a host of a network of this machine; nullopt: it
// has none. Errors: failed (no netlink socket).
[[nodiscard]] Result<std::optional<Mac>> neighbour_mac(const Address& address);

}  // namespace octroi
