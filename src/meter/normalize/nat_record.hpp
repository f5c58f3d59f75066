// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NAT events in flow records (RFC 8158, and Cisco's NEL in NetFlow v9) as values of meter/nat.
//
//   - A session (natEvent 1, 2, 4 to 7) is a mapping for one far end; a binding of an address and
//     port (BIB, 8 to 11) is one for all far ends.
//   - A binding of an address (14, 15) is for all protocols and ports, a port block (16, 17) for
//     its ports.
//   - Sessions of protocols without ports, such as ICMP, differ by the far end alone: flow records
//     do not have the query identifier that takes the place of the port.
//   - A connection from outside to a published host (the destination is translated) is a mapping
//     too. Where both ends are translated, the one of the source is used.

#include <cstdint>
#include <optional>

#include "meter/nat/nat_event.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::normalize {

// The event, without its device. None: the record is about something else (exhausted ports,
// quotas), or does not state both ends.
[[nodiscard]] std::optional<nat::NatEvent> nat_event_of(const flow::FlowRecord& record);

// The end behind the NAT device that a record about traffic states with the addresses after
// translation (elements 225 to 228, 281 and 282): of the destination, or, in a record of the
// reverse direction, of the source. Port 0: not stated. None: that end was not translated.
struct InsideOfRecord {
    bool of_source = false;
    Address address;
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<InsideOfRecord> inside_of(const flow::FlowRecord& record);

}  // namespace octroi::normalize
