// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The user's choices about flow records.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::normalize {

// Which records of the same traffic count. The others are duplicates: the ledger has them under
// @excluded/duplicate.
enum class Deduplicate : std::uint8_t {
    none,
    ingress,   // records made where traffic leaves a router (element 61, flowDirection 1) are
               // duplicates of those made where it entered
    flow_key,  // the first exporter that reports a flow owns it; records of others about it within
               // the window are duplicates. A flow: addresses, ports, protocol, as they are inside
               // of NAT devices with mappings that are applied
};

struct FlowPolicy {
    Deduplicate deduplicate = Deduplicate::none;
    Duration window = Duration::minutes(5);
    // Exporters of traffic that other exporters report too: their records are always duplicates.
    std::vector<Prefix> duplicate_exporters;
    // Whether traffic of an outside address is booked to the inside address. NAT events are kept in
    // any case.
    bool apply_translations = true;
    // NAT devices with events that apply to the records of all exporters; events of others are
    // then dropped. Empty: the events of each exporter apply to its own records only.
    std::vector<Prefix> nat_devices;
    // The sampling rate where neither the record nor options data nor the message states one. 0:
    // such an exporter counts every packet.
    std::uint64_t sampling = 0;
    // The clock of an exporter may differ from ours by this. Beyond it, its times are moved by the
    // difference between the time of its message and the receive time.
    Duration skew = Duration::minutes(5);
    // The age of traffic that a record may be about. The longest timeouts of routers are 30
    // minutes, but an exporter that was cut off may send late.
    Duration age = Duration::hours(24);
};

}  // namespace octroi::normalize
