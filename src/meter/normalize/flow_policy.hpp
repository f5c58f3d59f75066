// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The user's choices about flow records.

#include <cstdint>
#include <optional>
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

// What elements 23 and 24 count where a record has elements 1 and 2 as well.
enum class OutCounters : std::uint8_t {
    automatic,  // decided for each record: wire/flow/out_counters.hpp
    same,       // the same traffic, where it left: it does not count again
    reverse,    // the other direction of the connection
};

// What differs between exporters: a row [[exporter]] of the configuration.
struct ExporterPolicy {
    std::vector<Prefix> prefixes;         // of its address
    std::optional<std::uint32_t> domain;  // observation domain; none: all
    // The sampling rate, whatever the exporter states. 0: as it states.
    std::uint64_t sampling = 0;
    OutCounters out_counters = OutCounters::automatic;
    // How far its clock is ahead of the true time. Subtracted from its times.
    Duration clock_offset;
    // Other exporters report its traffic too: all its records are duplicates.
    bool is_duplicate = false;
    // Octets before the IP header of a frame, where it reports octets of layer 2 only; VLAN tags
    // that the record states come on top.
    std::uint32_t link_header = ethernet_header;
    // Of its fastest interface. A record above it is implausible.
    std::uint64_t link_bits_per_second = default_link_bits_per_second;

    static constexpr std::uint32_t ethernet_header = 14;
    static constexpr std::uint64_t default_link_bits_per_second = 800'000'000'000;
};

struct FlowPolicy {
    Deduplicate deduplicate = Deduplicate::none;
    Duration window = Duration::minutes(5);
    // The first one that fits applies to an exporter.
    std::vector<ExporterPolicy> exporters;
    // Of exporters that none of these fits.
    ExporterPolicy default_exporter;
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

    [[nodiscard]] const ExporterPolicy& of(const Address& exporter,
                                           std::uint32_t domain) const noexcept {
        for (const ExporterPolicy& row : exporters)
            if ((!row.domain || *row.domain == domain) && any_contains(row.prefixes, exporter))
                return row;
        return default_exporter;
    }
};

}  // namespace octroi::normalize
