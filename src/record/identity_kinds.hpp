// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The kinds of identities: one table. A new kind is a row of it, a number of IdentityKind and
// tests: bind, apply, the ledger's rules, listings and attribution read this table.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/directory.hpp"

namespace octroi {

// How attribution finds what is bound to an identity of the kind.
enum class IdentityLookup : std::uint8_t {
    by_prefix,  // longest prefix match of the end's address
    by_mac,     // the end's MAC address
    by_vlan,    // VLAN id of the observed packets
    by_as,      // AS number that the record states of the end
    by_name,    // a row of the meter's table of names (record/name.hpp) with the same text
};

// The ends of a reading at which an identity of the kind can stand.
enum class IdentityEnd : std::uint8_t {
    either,       // the end that it is a property of
    near,         // the source of what came in, the destination of what went out
    destination,  // whichever way the traffic went
};

struct IdentityKindInfo {
    IdentityKind kind;
    std::string_view keyword;                 // as people write it, and as it is printed
    std::array<std::string_view, 3> aliases;  // other keywords that are read; empty: none
    // The canonical form of what stands behind the keyword.
    Result<std::string> (*canonical)(std::string_view text);
    IdentityLookup lookup;
    IdentityEnd end;
    // Of two identities of one end that are both bound, the one of the smaller rank decides. Single
    // addresses rank before MAC addresses, other prefixes behind them.
    int rank;
    // Of the keyword and a value, for messages.
    std::string_view example;
};

// In the order of their ranks.
[[nodiscard]] std::span<const IdentityKindInfo> identity_kinds() noexcept;

// nullptr: the number is of no kind (a ledger of a newer version).
[[nodiscard]] const IdentityKindInfo* find_identity_kind(IdentityKind kind) noexcept;
[[nodiscard]] const IdentityKindInfo* find_identity_kind(std::string_view keyword) noexcept;

}  // namespace octroi
