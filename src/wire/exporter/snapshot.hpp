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
// There is no upgrade: a reader of another version refuses the snapshot and starts without one.
// Templates arrive again within minutes. A change of the octets that any save()
// writes needs a new version.

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/exporter_registry.hpp"

namespace octroi::exporter {

inline constexpr std::uint32_t snapshot_version = 5;

void save_snapshot(const Counters& counters, const ExporterRegistry& registry, ByteWriter& to);
// Into new objects. False: the octets are damaged, of another version, or beyond the limits; then
// both must be thrown away. `wanted`: as in Settings.
[[nodiscard]] bool restore_snapshot(ByteCursor& from, std::uint64_t wanted, Counters& counters,
                                    ExporterRegistry& registry);

}  // namespace octroi::exporter
