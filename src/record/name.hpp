// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names that a meter states of an end beside its address: interfaces, next hops, users, domains…
// Each meter has one table of them (Meter::names()); readings and counted volumes refer to its
// rows.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "record/directory.hpp"

namespace octroi {

// Row of the meter's table plus 1; 0: none. Holds for the life of the meter only: it is never
// stored.
using NameRef = std::uint32_t;
inline constexpr NameRef no_name = 0;

// The identity kinds have the numbers of IdentityKind; a far class and a service are no identities.
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
    far_class = 64,
    service = 65,
};

// The identity kind that the name is of, if it is an identity.
[[nodiscard]] constexpr std::optional<IdentityKind> identity_kind(NameKind kind) noexcept {
    if (kind == NameKind::far_class || kind == NameKind::service) return std::nullopt;
    return static_cast<IdentityKind>(kind);
}

struct Name {
    NameKind kind = NameKind::interface;
    // Of an identity: its canonical text (record/identity.hpp): "eth0", "192.0.2.1#3",
    // "192.0.2.9", "alice@example.org". Else the name of the class or service.
    std::string text;
    // A broader name of the same end, which is looked up where this one is bound to nobody: the
    // domain of a user. It is a row before this one.
    NameRef within = no_name;

    auto operator<=>(const Name&) const = default;
};

}  // namespace octroi
