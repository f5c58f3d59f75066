// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/byte_cursor.hpp"
#include "record/translation.hpp"

namespace octroi::nat {

// A mapping as octets of a snapshot. DO NOT CHANGE the format: snapshots on disk contain it.
void save(ByteWriter& out, const Translation& mapping, bool start_is_known);
// False: the octets end too early, or are no mapping that a table could hold.
[[nodiscard]] bool restore(ByteCursor& in, Translation& mapping, bool& start_is_known);

}  // namespace octroi::nat
