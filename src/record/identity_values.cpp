// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/identity_values.hpp"

#include <string>

#include "record/identity_kinds.hpp"

namespace octroi {

Identity identity_of(const Prefix& prefix) { return {IdentityKind::prefix, to_string(prefix)}; }

Identity identity_of(const Address& address) {
    return identity_of(Prefix::of(address, address.bits()));
}

Identity identity_of(const Mac& mac) { return {IdentityKind::mac, to_string(mac)}; }

std::optional<Identity> user_identity(std::string_view name) {
    auto canonical = find_identity_kind(IdentityKind::user)->canonical(name);
    if (!canonical) return std::nullopt;
    return Identity{IdentityKind::user, *std::move(canonical)};
}

Identity peer_identity(std::string_view key) { return {IdentityKind::peer, std::string(key)}; }

Identity no_holder() { return {}; }

}  // namespace octroi
