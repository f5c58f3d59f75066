// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which protocol octets are of. A version alone is 16 bits that much else begins with (STUN, DNS,
// RTP): what stands behind it must fit too, as far as it does not depend on templates. What is only
// damaged or cut off still is what it is.

#include "base/byte_cursor.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

[[nodiscard]] flow::Protocol recognise(ByteSpan octets) noexcept;

}  // namespace octroi::exporter
