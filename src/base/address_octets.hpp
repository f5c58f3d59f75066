// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An address as octets of a saved state: the family (0 for no address, 4 or 6), then 16 octets.
// DO NOT CHANGE: it stands in snapshots of collectors.

#include "base/address.hpp"
#include "base/byte_cursor.hpp"

namespace octroi {

void save(ByteWriter& out, const Address& address);
// false: the octets end too early, or name no family. The address may then be partly filled.
[[nodiscard]] bool restore(ByteCursor& in, Address& address);

}  // namespace octroi
