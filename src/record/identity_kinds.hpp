// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The table of identity kinds. bind, apply, the rules of the ledger, listings and attribution read
// it.
//
// A kind that meters state as a name of the near end (by_name, near: as user and cgroup) is a row
// here, a number of IdentityKind and NameKind, and tests. A kind that has a field of its own in
// Reading, or another lookup, also needs the line in attribute/party_resolver.cpp that binds the
// field: there the order of the links is written out, because they differ in the end and in the
// lookup. attribute/names_test.cpp compares `rank` and `end` of each row with what the resolver
// does.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/directory.hpp"

namespace octroi {

// The structure in which attribution finds the bindings of a kind.
enum class IdentityLookup : std::uint8_t {
    by_prefix,  // longest prefix match of the end's address
    by_mac,     // MAC address of the end
    by_vlan,    // VLAN id of the packets
    by_as,      // AS number that the exporter states for the end
    by_name,    // text of a row of the meter's table of names (record/name.hpp)
};

// The end of a reading that an identity of the kind identifies.
enum class IdentityEnd : std::uint8_t {
    either,       // source or destination: the meter states it for each of them
    near,         // the end on this side of the link: the source of incoming traffic, the
                  // destination of outgoing traffic
    destination,  // the destination, whatever the direction
};

struct IdentityKindInfo {
    IdentityKind kind;
    std::string_view keyword;                 // printed, and accepted before a value
    std::array<std::string_view, 3> aliases;  // accepted too; empty: none
    // The canonical form of a value (the text after the keyword).
    Result<std::string> (*canonical)(std::string_view text);
    // Whether a text without keyword is a value of this kind. nullptr: the keyword is required.
    bool (*is_bare)(std::string_view text);
    IdentityLookup lookup;
    IdentityEnd end;
    // If an end has several bound identities, the one with the smallest rank decides. A single
    // address ranks before a MAC address, other prefixes after it. Of names that a meter states to
    // lie within one another the narrowest decides.
    int rank;
    // Keyword and value, for help and errors.
    std::string_view example;
};

// Ordered by rank.
[[nodiscard]] std::span<const IdentityKindInfo> identity_kinds() noexcept;

// nullptr: there is no such kind (the ledger may be of a newer version).
[[nodiscard]] const IdentityKindInfo* find_identity_kind(IdentityKind kind) noexcept;
[[nodiscard]] const IdentityKindInfo* find_identity_kind(std::string_view keyword) noexcept;

}  // namespace octroi
