// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/snapshot.hpp"

namespace octroi::exporter {
namespace {

// The counters in the order in which a snapshot holds them.
template <typename Of, typename Visit>
void each_counter(Of& c, Visit&& visit) {
    for (auto* value : {&c.datagrams,
                        &c.octets,
                        &c.messages,
                        &c.records,
                        &c.options_records,
                        &c.templates,
                        &c.unknown,
                        &c.malformed,
                        &c.over_limit,
                        &c.pending,
                        &c.resumed,
                        &c.dropped,
                        &c.duplicates,
                        &c.restarts,
                        &c.lost,
                        &c.late,
                        &c.evicted,
                        &c.refused,
                        &c.refused_agents,
                        &c.refused_rates,
                        &c.unconfirmed_rates,
                        &c.changed_rates,
                        &c.ignored_withdrawals,
                        &c.unread_counts,
                        &c.doubtful_lengths,
                        &c.unconfirmed_starts})
        visit(*value);
}
static_assert(sizeof(Counters) == 26 * sizeof(std::uint64_t), "a counter is not saved");

std::size_t counters_in(std::uint32_t version) noexcept {
    if (version == 4) return 23;
    return version == 5 ? 25 : 26;
}

}  // namespace

void save_snapshot(const Counters& counters, const ExporterRegistry& registry, ByteWriter& to) {
    to.be32(snapshot_version);
    each_counter(counters, [&](std::uint64_t value) { to.be64(value); });
    registry.save(to);
}

bool restore_snapshot(ByteCursor& from, std::uint64_t wanted, Counters& counters,
                      ExporterRegistry& registry) {
    std::uint32_t version = 0;
    if (!from.be32(version) || version < oldest_snapshot_version || version > snapshot_version)
        return false;
    bool good = true;
    std::size_t left = counters_in(version);
    each_counter(counters, [&](std::uint64_t& value) {
        if (left == 0) return;
        --left;
        good = good && from.be64(value);
    });
    return good && registry.restore(from, wanted, version);
}

}  // namespace octroi::exporter
