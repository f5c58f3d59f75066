// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who held an address, a prefix or a MAC address, and from when on: what ARP, DHCP, RADIUS, a
// portal or a log of identities state. Meters hand the events over
// (ReadingSink::accept_identities()), the ledger keeps them (Batch::identities), attribution makes
// sessions of them.
//
// Two steps are two events: {10.1.2.3 → mac M} from ARP or DHCP, {mac M → user alice} from a portal
// or from RADIUS.

#include <compare>

#include "base/time.hpp"
#include "record/directory.hpp"

namespace octroi {

// The kinds of identities that somebody can hold.
[[nodiscard]] constexpr bool is_held_kind(IdentityKind kind) noexcept {
    return kind == IdentityKind::prefix || kind == IdentityKind::mac;
}

struct IdentityEvent {
    UtcTime at;     // from when it holds
    Identity held;  // an address or a prefix, or a MAC address; canonical (record/identity.hpp)
    // A MAC address, a user, or any other kind that a binding may name; canonical. With an empty
    // value (and the first kind): nobody holds it from `at` on.
    Identity holder;
    // At the latest, for example the end of a lease; max: not known. A later event of the same
    // source for `held` ends it too.
    UtcTime until = UtcTime::max();

    auto operator<=>(const IdentityEvent&) const = default;

    [[nodiscard]] bool is_held() const noexcept { return !holder.value.empty(); }
};

}  // namespace octroi
