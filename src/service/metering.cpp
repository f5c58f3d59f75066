// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metering.hpp"

#include <algorithm>

#include "host/memory.hpp"
#include "host/random.hpp"
#include "ledger/plausible.hpp"

namespace octroi {
namespace {

// The meter stated volumes that no link can carry: the ledger could not store them. Nobody knows
// the true ones.
Loss loss_of(const RefusedVolume& refused, const Batch& batch) {
    const std::string& source =
        batch.cursors.empty() ? batch.meter.name : batch.cursors.front().source;
    return {source, LossReason::corrupt, refused.times, refused.records, {}};
}

// Numbers of losses come from outside too: a capture file states how many packets were dropped. One
// that no link can carry says nothing. A ledger stores neither that nor control characters, which
// the name of a file may have.
void make_storable(std::vector<Loss>& losses) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    const auto drop_impossible = [](std::optional<std::uint64_t>& figure, std::uint64_t most) {
        if (figure && *figure > most) figure.reset();
    };
    for (Loss& loss : losses) {
        drop_impossible(loss.packets, record_volume_max);
        drop_impossible(loss.bytes_bound, long_record_volume_max);
        std::ranges::replace_if(loss.source, is_control, '?');
    }
}

}  // namespace

Metering::Metering(MeterName name, Meter& meter, const AttributionTables& tables,
                   const Clock& clock)
    : name_(std::move(name)),
      meter_(meter),
      clock_(clock),
      attributor_(tables.directory, tables.classes, tables.services, random_seed(),
                  huge_page_resource()),
      named_(meter, attributor_) {
    if (tables.duplicates) {
        const auto own = tables.duplicates->find(name_.name);
        if (own != tables.duplicates->end()) attributor_.set_duplicates(own->second);
    }
    attributor_.reserve();
    attributor_.use_sessions(tables.sessions);
    if (tables.source) meter_.use_tables(tables.source);
    if (tables.rules) meter_.use_rules(tables.rules);
}

Result<Pull> Metering::pull(Duration wait) {
    named_.begin_pull();
    return meter_.pull(named_, wait);
}

Result<Batch> Metering::make_batch() {
    // First: the checkpoint hands over readings that belong to this batch.
    named_.begin_pull();
    TRY_ASSIGN(Checkpoint checkpoint, meter_.checkpoint(named_));
    Attributed made = attributor_.make_attributed();
    Batch batch;
    batch.id = random_batch_id();
    batch.meter = name_;
    batch.booked_at = clock_.now();
    batch.class_version = std::move(made.class_version);
    batch.directory_version = made.directory_version;
    batch.parties = std::move(made.parties);
    batch.services = std::move(made.services);
    batch.transfers = std::move(made.transfers);
    batch.sampled = std::move(made.sampled);
    batch.cursors = std::move(checkpoint.cursors);
    batch.losses = std::move(checkpoint.losses);
    make_storable(batch.losses);
    batch.translations = std::move(checkpoint.translations);
    batch.identities = std::move(made.identities);
    batch.identities_known = made.identities_known;
    batch.observed = without_refused(checkpoint.observed, made.refused.volume);
    batch.last_traffic = made.last_traffic;
    exclude_implausible(batch);
    if (made.refused.records > 0) batch.losses.push_back(loss_of(made.refused, batch));
    return batch;
}

void Metering::replace(const AttributionTables& tables) {
    attributor_.replace(tables.directory, tables.classes, tables.services);
    attributor_.use_sessions(tables.sessions);
    if (tables.source) meter_.use_tables(tables.source);
    if (tables.rules) meter_.use_rules(tables.rules);
}

std::vector<CounterValue> Metering::counters() const {
    std::vector<CounterValue> all = meter_.counters();
    const auto attributed = attributor_.counters();
    all.insert(all.end(), attributed.begin(), attributed.end());
    return all;
}

}  // namespace octroi
