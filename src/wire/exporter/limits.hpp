// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The limits of the state of exporters. Each part that one exporter can make grow has a limit of
// its own, so that no exporter takes the memory of another. Limits over all exporters follow from
// these, or are stated here.

#include <cstddef>
#include <cstdint>

namespace octroi::exporter {

struct Limits {
    // Source addresses. They can be forged, so when the table is full the exporter that was silent
    // longest is evicted: first of those that never sent a record, then of those that sent few.
    std::size_t exporters = 4096;
    // A chassis has one for each line card; the largest have some tens.
    std::size_t observation_domains = 256;  // over UDP, and in each transport session
    // In all transport sessions of one exporter. Beyond it the session that was silent longest is
    // dropped.
    std::size_t transport_session_domains = 4096;
    // Per exporter. A Cisco ASR sends some 20 templates for each observation domain.
    std::size_t templates = 4096;
    // Templates and their decode plans, per exporter. A template with 1024 fields takes about
    // 40 KiB.
    std::size_t template_octets = std::size_t{4} << 20U;
    // Data sets without a template: about half a minute of a busy exporter.
    std::size_t pending_octets = std::size_t{1} << 20U;  // per exporter
    std::size_t pending_octets_total = std::size_t{64} << 20U;
    // Per exporter. Some routers define one sampler for each interface.
    std::size_t samplers = 4096;
    std::size_t interfaces = 16384;  // per exporter, those with a name
    std::size_t name_octets = 255;   // longer names are cut off
    // Per exporter: protocols, observation domains, engines and sub agents.
    std::size_t streams = 1024;
    // All that is kept for all exporters. Where an exporter would exceed it and no other can be
    // evicted, what it announces is left out and counted.
    std::size_t memory_octets = std::size_t{512} << 20U;
    // An exporter that sent records within this time is not evicted ...
    std::int64_t idle_ns = 3'600'000'000'000;
    // ... unless it sent fewer than these: then within this time. A few records are easily forged.
    std::uint64_t few_records = 100;
    std::int64_t few_idle_ns = 60'000'000'000;
};

}  // namespace octroi::exporter
