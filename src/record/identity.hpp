// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Identities as people write them, and as the ledger keeps them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/directory.hpp"

namespace octroi {

// Accepts a keyword of the table of identity kinds (record/identity_kinds.hpp) and a value, with a
// space or ':' between them: "prefix 10.0.0.0/8", "mac 0:30:ca:b8:d9:bc", "vlan 12", "interface
// eth0", of an exporter "interface 192.0.2.1#3" (its address and ifIndex), "as 64500", "next-hop
// 192.0.2.9", "user alice"…; and without a keyword addresses, prefixes and MAC addresses in any of
// the usual spellings. The result is canonical: the form in which the ledger keeps it, and in which
// equal identities have equal texts.
[[nodiscard]] Result<Identity> parse_identity(std::string_view text);

// Whether the kind is known and the value is in the canonical form that parse_identity gives; the
// error says what is wrong.
[[nodiscard]] Status check_identity(const Identity& identity);
[[nodiscard]] bool is_canonical(const Identity& identity);

// The text of a party's identity: "10.1.2.3", "10.1.0.0/16", "mac 00:30:ca:b8:d9:bc", "vlan 12",
// "interface eth0", "as 64500", "next-hop 192.0.2.9", "user alice". parse_identity reads it back.
[[nodiscard]] std::string identity_text(const Identity& identity);

// VLAN ids of IEEE 802.1Q: 0 is "no VLAN", 4095 is reserved.
inline constexpr std::uint32_t vlan_first = 1;
inline constexpr std::uint32_t vlan_last = 4094;

}  // namespace octroi
