// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The state of exporters, for reports.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

struct Exporter;

struct ExporterStatus {
    Address address;
    std::vector<flow::Protocol> protocols;
    std::vector<std::uint32_t> observation_domains;  // ascending; v5: engines, sFlow: sub agents
    // Distinct rates (1 in so many packets) from options data and v5 headers, ascending.
    std::vector<std::uint64_t> sampling;
    std::size_t templates = 0;   // cached now
    std::size_t interfaces = 0;  // with a name
    UtcTime first_seen;          // receive times, by our clock
    UtcTime last_seen;
    UtcTime exported;  // the export time of its last message, by its clock
    std::uint64_t messages = 0;
    std::uint64_t records = 0;
    std::uint64_t lost = 0;     // in the unit of its protocol
    std::uint64_t missing = 0;  // the same, in young gaps: may still arrive, not in `lost`
    std::uint64_t restarts = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t pending_octets = 0;     // of data sets that wait for their template now
    std::uint64_t undecodable = 0;        // messages, samples and data sets given up
    std::uint64_t refused_rates = 0;      // sampling rates that cannot be right
    std::uint64_t unconfirmed_rates = 0;  // stated once, while another one applied
    std::uint64_t changed_rates = 0;
    std::uint64_t reverse_out = 0;    // records with out counters of the other direction, it seems
    std::uint64_t unread_counts = 0;  // records with counts in private elements only
    std::uint64_t doubtful_lengths = 0;    // sampled packets with a doubtful length
    std::uint64_t unconfirmed_starts = 0;  // of the exporter, stated once
    // Templates cached now, of such records, with those elements: "256: 9/12345". At most 4.
    std::vector<std::string> unread_templates;
    bool counts_templates = false;  // in its sequence numbers
};
[[nodiscard]] ExporterStatus status_of(const Exporter& exporter);

// A name that an exporter gave an interface in options data.
struct InterfaceName {
    Address exporter;
    std::uint32_t if_index = 0;
    std::string name;

    auto operator<=>(const InterfaceName&) const = default;
};

}  // namespace octroi::exporter
