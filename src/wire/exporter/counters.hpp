// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What happened since the first datagram, over all exporters and across snapshots. What exporters
// sent and `records` does not hold is in one of: unknown, malformed, over_limit, dropped, lost,
// refused, refused_agents.

#include <cstdint>

namespace octroi::exporter {

struct Counters {
    std::uint64_t datagrams = 0;
    std::uint64_t octets = 0;           // of these datagrams
    std::uint64_t messages = 0;         // in these datagrams
    std::uint64_t records = 0;          // flow records handed to the sink
    std::uint64_t options_records = 0;  // options data records decoded; the sink gets none
    std::uint64_t templates = 0;        // received, repetitions and options templates included
    std::uint64_t unknown = 0;          // datagrams that begin with no known message
    // Messages, and samples of sFlow, with lengths or counts that contradict each other. What stood
    // before the contradiction was decoded.
    std::uint64_t malformed = 0;
    // Left out because of a limit: templates, names, samplers, streams (losses are then not seen),
    // and all sets of a message with an observation domain for which there is no memory.
    std::uint64_t over_limit = 0;
    std::uint64_t pending = 0;         // data sets kept because their template was missing
    std::uint64_t resumed = 0;         // of these, decoded when the template arrived
    std::uint64_t dropped = 0;         // data sets without a template that were given up
    std::uint64_t duplicates = 0;      // messages received before, not decoded again
    std::uint64_t restarts = 0;        // of exporters, by sequence number or uptime
    std::uint64_t lost = 0;            // as reported to the sink, in the unit of each protocol
    std::uint64_t late = 0;            // messages that arrived after their successors
    std::uint64_t evicted = 0;         // exporters dropped to make memory free
    std::uint64_t refused = 0;         // datagrams of exporters for which there was no memory
    std::uint64_t refused_agents = 0;  // sFlow datagrams of agents that are not allowed
    // Sampling rates that cannot be right: in options data, records and samples. They do not apply.
    std::uint64_t refused_rates = 0;
    std::uint64_t unconfirmed_rates = 0;    // rates in options data that do not apply yet
    std::uint64_t changed_rates = 0;        // rates that took the place of another one
    std::uint64_t ignored_withdrawals = 0;  // of templates, over UDP (RFC 7011 section 8.4)
    // Records with counts in private elements only (ipfix::unread_counts()): they add nothing.
    std::uint64_t unread_counts = 0;
    // Sampled packets with a length that only their IP header states (FlowRecord::doubtful_length).
    std::uint64_t doubtful_lengths = 0;
    std::uint64_t unconfirmed_starts = 0;  // of exporters (element 160), that do not apply yet
};

}  // namespace octroi::exporter
