// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which protocol a message is of. The version is only 16 bits, and other protocols (STUN, DNS, RTP)
// begin with the same values: the rest of the header must fit too, and the first set or record, as
// far as that does not depend on templates. A message that is damaged or cut off further behind is
// recognised.

#include "base/byte_cursor.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

// Protocol::unknown: no message of a known protocol and version begins here.
[[nodiscard]] flow::Protocol recognise(ByteSpan octets) noexcept;

}  // namespace octroi::exporter
