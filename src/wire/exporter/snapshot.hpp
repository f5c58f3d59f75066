// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// All that is kept for exporters as octets, so that a collector goes on after a restart.
//
//     version    32 bits
//     counters   64 bits each, in the order of Counters
//     exporters  their number (32 bits), then for each: address, times, figures, protocols,
//                observation domains with their templates, streams, samplers, interface names,
//                pending sets; each component writes its own part (its save())
//     unknown    senders of datagrams that cannot be read (unknown_senders.hpp)
//
// Versions from oldest_snapshot_version on are read; what they do not have keeps its default. A
// reader refuses any other version, and the collector reports a loss.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

void save_snapshot(const Counters& counters, const ExporterRegistry& registry, ByteWriter& to);
// Into new objects. False: the octets are damaged, of another version, or beyond the limits; then
// both must be thrown away. `wanted`: as in Settings.
[[nodiscard]] bool restore_snapshot(ByteCursor& from, std::uint64_t wanted, Counters& counters,
                                    ExporterRegistry& registry);

}  // namespace octroi::exporter
