// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Identities as people write them, and as the ledger keeps them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/directory.hpp"

namespace octroi {

// Accepts: "10.1.2.3", "10.0.0.0/8", "2001:db8::/32", "prefix 10.0.0.0/8", "mac 0:30:ca:b8:d9:bc"
// (or the MAC alone, in any of the usual spellings), "vlan 12", "interface eth0" or of an exporter
// "interface 192.0.2.1#3" (its address and ifIndex), "as 64500" (or "as AS64500"), "next-hop
// 192.0.2.9"; a ':' may stand for the space after the kind. The result is canonical: what the
// ledger keeps, and what compares equal. AS 0 and AS 23456 are refused: of nobody in particular.
[[nodiscard]] Result<Identity> parse_identity(std::string_view text);

// Whether an identity is in the canonical form that parse_identity gives.
[[nodiscard]] bool is_canonical(const Identity& identity);

// VLAN ids of IEEE 802.1Q: 0 is "no VLAN", 4095 is reserved.
inline constexpr std::uint32_t vlan_first = 1;
inline constexpr std::uint32_t vlan_last = 4094;

}  // namespace octroi
