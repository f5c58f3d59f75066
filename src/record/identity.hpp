// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Identities as text: what users type, and the canonical form that the ledger stores.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/directory.hpp"

namespace octroi {

// Accepts a keyword of the table of identity kinds (record/identity_kinds.hpp) and a value, with a
// space or ':' between them: "prefix 10.0.0.0/8", "mac 0:30:ca:b8:d9:bc", "vlan 12", "interface
// eth0", "interface 192.0.2.1#3" (address of an exporter and ifIndex), "as 64500", "next-hop
// 192.0.2.9", "user alice"… Addresses, prefixes and MAC addresses need no keyword and may have any
// usual spelling. The result is canonical: equal identities have equal texts.
[[nodiscard]] Result<Identity> parse_identity(std::string_view text);

// An error unless the kind is known and the value is canonical.
[[nodiscard]] Status check_identity(const Identity& identity);
[[nodiscard]] bool is_canonical(const Identity& identity);

// The identity of a party, as a ledger stores and a listing prints it: "10.1.2.3", "10.1.0.0/16",
// "mac 00:30:ca:b8:d9:bc", "vlan 12", "interface eth0", "as 64500", "next-hop 192.0.2.9", "user
// alice". parse_identity() accepts it.
[[nodiscard]] std::string identity_text(const Identity& identity);

// Of identity_text(): a keyword of up to 15 letters, a space and 255 octets of value.
inline constexpr std::size_t identity_text_octets_max = 271;

// VLAN ids (IEEE 802.1Q): 0 means "no VLAN", 4095 is reserved.
inline constexpr std::uint32_t vlan_first = 1;
inline constexpr std::uint32_t vlan_last = 4094;

}  // namespace octroi
