// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the caller of Exporters decides.

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "wire/exporter/limits.hpp"

namespace octroi::exporter {

struct Settings {
    Limits limits;
    // Of the hash tables. Secret and random, so that a sender cannot aim at one bucket.
    std::uint64_t seed = 0;
    // Bits of flow::Field that the sink needs; others may be left out of records. Bytes, packets,
    // times and the protocol are always decoded.
    std::uint64_t wanted = ~std::uint64_t{0};
    // sFlow agents that are accepted, by the agent address in the datagram; empty: all. Datagrams
    // of other agents are not decoded (Counters::refused_agents).
    std::vector<Prefix> agents;
};

}  // namespace octroi::exporter
