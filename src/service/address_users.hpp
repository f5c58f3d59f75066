// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who used an address at a moment: `octroi who`.

#include <vector>

#include "attribute/outside_end.hpp"
#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "view/ledger_view.hpp"

namespace octroi {

// The translations (NAT) that held for the end at that time, each with the party of its inside
// address. Without one, the account of the address itself; if it has none, nobody.
[[nodiscard]] Result<std::vector<AddressUser>> find_address_users(Ledger& ledger,
                                                                  const Config& config,
                                                                  const OutsideEnd& end,
                                                                  UtcTime at);

}  // namespace octroi
