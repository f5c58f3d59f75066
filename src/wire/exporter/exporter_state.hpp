// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All that is kept for one exporter, put together from its components.

#include <cstddef>
#include <cstdint>
#include <list>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/interface_names.hpp"
#include "wire/exporter/known_ports.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/message_streams.hpp"
#include "wire/exporter/observation_domains.hpp"
#include "wire/exporter/pending_sets.hpp"
#include "wire/exporter/sampler_table.hpp"

namespace octroi::exporter {

// What all exporters share. Must outlive every Exporter.
struct Budgets {
    explicit Budgets(const Limits& limits)
        : memory(limits.memory_octets), pending(limits.pending_octets_total) {}

    MemoryBudget memory;
    MemoryBudget pending;  // of `memory`, the pending sets
};

struct Exporter {
    Exporter(const Address& from, std::uint64_t seed, const Limits& limits, Budgets& budgets)
        : address(from),
          memory(budgets.memory),
          domains(seed, limits, memory),
          streams(seed, memory),
          samplers(seed, memory),
          names(seed, limits.name_octets, memory),
          pending(seed, limits, memory, budgets.pending) {
        memory.charge(cost);
    }

    const Address address;
    UtcTime first_seen;
    UtcTime last_seen;
    UtcTime exported;  // by the header of its last message
    std::uint64_t messages = 0;
    std::uint64_t records = 0;
    std::uint64_t lost = 0;
    std::uint64_t restarts = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t undecodable = 0;
    std::uint32_t protocols = 0;          // bits as protocol_bit() gives them
    std::uint64_t refused_rates = 0;      // as in Counters
    std::uint64_t unconfirmed_rates = 0;  //
    std::uint64_t changed_rates = 0;      //
    std::uint64_t reverse_out = 0;  // records with out counters that look like the other direction
    std::uint64_t unread_counts = 0;       // as in Counters
    std::uint64_t doubtful_lengths = 0;    //
    std::uint64_t unconfirmed_starts = 0;  //
    KnownPorts ports;

    MemoryShare memory;  // before the components that charge it
    ObservationDomains domains;
    MessageStreams streams;
    SamplerTable samplers;
    InterfaceNames names;
    PendingSets pending;

    // Of EvictionOrder.
    std::list<Exporter*>::iterator place;
    std::uint8_t standing = 0;

    // Octets charged for an exporter with nothing in it, with its entries in the registry.
    static constexpr std::size_t cost = 1024;
};
static_assert(sizeof(Exporter) < Exporter::cost - 256);

// Counts data sets that are given up for want of a template.
inline void count_dropped(std::size_t sets, Exporter& exporter, Counters& counters) noexcept {
    counters.dropped += sets;
    exporter.undecodable += sets;
}

}  // namespace octroi::exporter
