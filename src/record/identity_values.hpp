// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Identities of values, in canonical form (record/identity.hpp), for meters that state who held
// an address (record/identity_event.hpp).

#include <optional>
#include <string_view>

#include "base/address.hpp"
#include "record/directory.hpp"

namespace octroi {

[[nodiscard]] Identity identity_of(const Prefix& prefix);
// Of an address that is not empty.
[[nodiscard]] Identity identity_of(const Address& address);
// Of an address that is not empty.
[[nodiscard]] Identity identity_of(const Mac& mac);
// nullopt: the text is no name of a user (canonical_user() in identity_kinds.cpp).
[[nodiscard]] std::optional<Identity> user_identity(std::string_view name);
// Of a peer of a tunnel, by its public key in base64 (wire/wireguard).
[[nodiscard]] Identity peer_identity(std::string_view key);
// The holder of an event that states that nobody holds the address from then on.
[[nodiscard]] Identity no_holder();

}  // namespace octroi
