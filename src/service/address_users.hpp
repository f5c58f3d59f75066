// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who used an address at a moment: `octroi who`.

#include <functional>
#include <optional>
#include <vector>

#include "attribute/outside_end.hpp"
#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "view/ledger_view.hpp"

namespace octroi {

// The link layer address of a host; nullopt: not known.
using MacOfAddress = std::function<std::optional<Mac>(const Address& address)>;

// The translations (NAT) that held for the end at that time, each with the party of its inside
// address. Without one, the account of the address itself; if it has none, nobody. mac_of: for
// accounts that are bound by MAC; empty: these are not found.
[[nodiscard]] Result<std::vector<AddressUser>> find_address_users(Ledger& ledger,
                                                                  const Config& config,
                                                                  const OutsideEnd& end, UtcTime at,
                                                                  const MacOfAddress& mac_of = {});

// The account that this identity ("mac 0:30:ca:b8:d9:bc") is bound to at that time; none: nobody.
[[nodiscard]] Result<std::vector<AddressUser>> find_identity_users(Ledger& ledger,
                                                                   const Identity& identity,
                                                                   UtcTime at);

}  // namespace octroi
