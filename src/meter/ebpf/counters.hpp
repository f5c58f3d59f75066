// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of eBPF meters. docs/counters.md is made from this table.

#include <array>

#include "record/counter.hpp"

namespace octroi::ebpf {

inline constexpr std::array<CounterInfo, 8> ebpf_counters = {{
    {"ebpf_readings_total", "How often the counts of the kernel were read."},
    {"ebpf_keys", "Counts in the kernel at the last reading."},
    {"ebpf_new_maps_total", "How often counting went on in an empty map, because one became full."},
    {"ebpf_overflow_packets_total",
     "Packets without names, because the map of counts was full: under @unattributed."},
    {"ebpf_implausible_total", "Increases that no link can carry: excluded."},
    {"ebpf_prefixes_refused_total",
     "Prefixes of IPv4 that had no space in the tables: a shorter one applied."},
    {"ebpf_labels_refused_total", "Names of classes and services that got no number: unknown."},
    {"ebpf_attach_failures_total", "Times that programs could not be attached to an interface."},
}};

}  // namespace octroi::ebpf
