// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A translator's events (RFC 8158, and Cisco's NEL in NetFlow v9) as beginnings and ends of
// translations.
//
//   - Sessions (natEvent 1, 2, 4 to 7) hold for one far end, bindings of an address and port (BIB,
//   8
//     to 11) for all.
//   - Bindings of an address (14, 15) hold for every protocol and port, blocks (16, 17) for theirs.
//   - Protocols without ports, ICMP among them, are told apart by the far end alone: flow records
//     do not have the query identifier that stands in the place of the port.
//   - What comes from outside to a host that is published (the destination is translated) is a
//     translation as well; where both ends are translated, the source is the one that counts.

#include <optional>

#include "record/translation.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::normalize {

struct NatEvent {
    bool begins = false;
    Translation translation;  // without exporter and times
};

// None: the event is about something else (exhausted ports, quotas), or does not say who is whom.
[[nodiscard]] std::optional<NatEvent> nat_event_of(const flow::FlowRecord& record);

}  // namespace octroi::normalize
