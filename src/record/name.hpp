// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names that a meter states for an end beside its address: interfaces, next hops, users, domains…
// Each meter has one table of names (Meter::names()). Readings and counted volumes refer to its
// rows.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "record/directory.hpp"

namespace octroi {

// Row of the meter's table plus 1; 0: none. It is valid for the life of the meter only and is never
// stored.
using NameRef = std::uint32_t;
inline constexpr NameRef no_name = 0;

// Identity kinds have the numbers of IdentityKind. A far class and a service are no identities.
enum class NameKind : std::uint8_t {
    prefix = 1,
    mac = 2,
    vlan = 3,
    interface = 4,
    as = 5,
    next_hop = 6,
    user = 7,
    domain = 8,
    uid = 9,
    cgroup = 10,
    peer = 11,
    rule = 12,
    far_class = 64,
    service = 65,
};

// nullopt: the name is not an identity.
[[nodiscard]] constexpr std::optional<IdentityKind> identity_kind(NameKind kind) noexcept {
    if (kind == NameKind::far_class || kind == NameKind::service) return std::nullopt;
    return static_cast<IdentityKind>(kind);
}

struct Name {
    NameKind kind = NameKind::interface;
    // Of an identity its canonical text (record/identity.hpp): "eth0", "192.0.2.1#3", "192.0.2.9",
    // "alice@example.org". Else the name of the class or service.
    std::string text;
    // A broader name of the same end, for example the domain of a user. It is looked up if this
    // name is bound to no account. Its row is before this one.
    NameRef within = no_name;

    auto operator<=>(const Name&) const = default;
};

// Octets of a class or service name, as the ledger stores it.
inline constexpr std::size_t class_name_octets_max = 255;

// Whether a ledger can store the text: an identity must be canonical; a class or service must have
// 1 to class_name_octets_max octets of UTF-8 without control characters, and a class must not begin
// with '@' (as @unattributed and @excluded do).
[[nodiscard]] bool is_usable(const Name& name);

}  // namespace octroi
