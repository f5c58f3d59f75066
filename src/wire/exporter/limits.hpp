// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The bounds of what is remembered for exporters. They are per exporter wherever a single one could
// grow, so that nobody's excess takes another's place; the bounds over all are products of them, or
// stand here by themselves.

#include <cstddef>
#include <cstdint>

namespace octroi::exporter {

struct Limits {
    // Addresses that messages came from. Sources can be invented, so when the table is full the
    // one that was silent longest makes room: first among those that never gave a record, then
    // among those that gave few.
    std::size_t exporters = 4096;
    // A chassis has a domain for each line card; the largest have some tens.
    std::size_t observation_domains = 256;  // of UDP together, of each TCP session
    // Of all TCP sessions. Beyond it the session that was silent longest is forgotten.
    std::size_t transport_session_domains = 4096;
    // Cisco's ASR sends some 20 templates for each domain.
    std::size_t templates = 4096;
    // Octets of templates and their plans, for each exporter. One template with 1024 fields takes
    // about 40 KiB.
    std::size_t template_octets = std::size_t{4} << 20U;
    // Data sets that wait for their template: those of about half a minute of a busy exporter.
    std::size_t pending_octets = std::size_t{1} << 20U;
    std::size_t pending_octets_total = std::size_t{64} << 20U;
    // Sampler definitions, for each exporter: some routers have one for each interface.
    std::size_t samplers = 4096;
    std::size_t interfaces = 16384;
    std::size_t name_octets = 255;
    // Sequences of one exporter: protocol, domain, engine, sub agent.
    std::size_t streams = 1024;
    // All that is remembered, for all exporters together. Where an exporter would grow beyond it,
    // what it announces is left out and counted.
    std::size_t memory_octets = std::size_t{512} << 20U;
    // Who delivered records within this time is never made to go for a newcomer.
    std::int64_t idle_ns = 3'600'000'000'000;
    // Unless it was fewer in all than these: then within this time. A record is easily invented.
    std::uint64_t few_records = 100;
    std::int64_t few_idle_ns = 60'000'000'000;
};

}  // namespace octroi::exporter
