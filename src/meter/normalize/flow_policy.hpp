// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the user decides about flow records on their way to readings.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::normalize {

// Which records of the same traffic count. What does not is a duplicate: in the ledger under
// @excluded/duplicate.
enum class Deduplicate : std::uint8_t {
    none,
    ingress,   // records made where traffic leaves an interface are duplicates of those made where
               // it came in (element 61, flowDirection)
    flow_key,  // the first exporter that reports a flow (addresses, ports, protocol; as they are
               // behind translations that are applied) within the window keeps it; records of
               // others about it are duplicates
};

struct FlowPolicy {
    Deduplicate deduplicate = Deduplicate::none;
    Duration window = Duration::minutes(5);
    // Exporters whose records are always duplicates: seen by another exporter already.
    std::vector<Prefix> witnesses;
    // Whether traffic of an outside address is booked to the inside address behind it. Translations
    // are kept in any case.
    bool apply_translations = true;
    // Exporters whose word on translations counts for everybody's records; that of others is not
    // kept then. Empty: everybody's word is kept, and counts for their own records.
    std::vector<Prefix> translators;
    // Where neither the record nor options data nor the message says how the exporter samples.
    // 0: it is taken not to sample.
    std::uint64_t sampling = 0;
    // An exporter's clock may differ from ours by so much; beyond it, its times are moved by the
    // difference between its message header and the receive time.
    Duration skew = Duration::minutes(5);
    // A record may be about traffic so long ago: the longest time-outs of routers are 30 minutes,
    // but one that was cut off may send late.
    Duration age = Duration::hours(24);
};

}  // namespace octroi::normalize
