// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporter_registry.hpp"

#include "base/check.hpp"
#include "wire/exporter/gap_reporter.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {
namespace {

// Bounds the work that one message can cause. Enough for the largest template (about 40 KiB): each
// exporter frees at least Exporter::cost.
constexpr int evictions_at_once = 64;

// The times and figures of an exporter, in the order in which a snapshot holds them.
template <typename Of, typename Visit>
void each_time(Of& e, Visit&& visit) {
    for (auto* value : {&e.first_seen, &e.last_seen, &e.exported}) visit(*value);
}
template <typename Of, typename Visit>
void each_figure(Of& e, Visit&& visit) {
    for (auto* value :
         {&e.messages, &e.records, &e.lost, &e.restarts, &e.duplicates, &e.undecodable,
          &e.refused_rates, &e.unconfirmed_rates, &e.changed_rates, &e.reverse_out,
          &e.unread_counts, &e.doubtful_lengths, &e.unconfirmed_starts})
        visit(*value);
}

std::size_t figures_in(std::uint32_t version) noexcept {
    if (version == 4) return 10;
    return version == 5 ? 12 : 13;
}

void put_exporter(ByteWriter& to, const Exporter& e) {
    put(to, e.address);
    each_time(e, [&](UtcTime time) { put(to, time); });
    put(to, e.domains.last_expiry());
    each_figure(e, [&](std::uint64_t value) { to.be64(value); });
    to.be32(e.protocols);
    e.ports.save(to);
    e.domains.save(to);
    e.streams.save(to);
    e.samplers.save(to);
    e.names.save(to);
    e.pending.save(to);
}

bool get_exporter(ByteCursor& from, const Limits& limits, std::uint64_t wanted,
                  std::uint32_t version, Exporter& e) {
    UtcTime last_expiry;
    bool good = true;
    each_time(e, [&](UtcTime& time) { good = good && get(from, time); });
    good = good && get(from, last_expiry);
    e.domains.set_last_expiry(last_expiry);
    std::size_t left = figures_in(version);
    each_figure(e, [&](std::uint64_t& value) {
        if (left == 0) return;
        --left;
        good = good && from.be64(value);
    });
    if (!good || !from.be32(e.protocols) || !e.ports.restore(from)) return false;
    return e.domains.restore(from, wanted, version) &&
           e.streams.restore(from, limits.streams, version) &&
           e.samplers.restore(from, limits.samplers) && e.names.restore(from, limits.interfaces) &&
           e.pending.restore(from);
}

}  // namespace

ExporterRegistry::ExporterRegistry(const Limits& limits, std::uint64_t seed, Counters& counters)
    : limits_(limits),
      seed_(seed),
      counters_(counters),
      budgets_(limits),
      by_address_(0, SeededHash{seed}),
      order_(limits) {}

Exporter* ExporterRegistry::find(const Address& address) const noexcept {
    const auto found = by_address_.find(address);
    return found == by_address_.end() ? nullptr : found->second.get();
}

Exporter& ExporterRegistry::add(const Address& address) {
    const auto [entry, fresh] =
        by_address_.emplace(address, std::make_unique<Exporter>(address, seed_, limits_, budgets_));
    CHECK(fresh);
    order_.add(*entry->second);
    return *entry->second;
}

Exporter* ExporterRegistry::admit(const Address& address, UtcTime received,
                                  flow::RecordSink& sink) {
    if (Exporter* known = find(address)) {
        known->last_seen = received;
        return known;
    }
    if (size() >= limits_.exporters) {
        Exporter* const candidate = order_.candidate(received, nullptr);
        if (candidate == nullptr) {
            ++counters_.refused;
            return nullptr;
        }
        evict(*candidate, sink);
    }
    Exporter& exporter = add(address);
    exporter.first_seen = exporter.last_seen = received;
    return &exporter;
}

bool ExporterRegistry::reserve(std::size_t octets, const Exporter& exporter,
                               flow::RecordSink& sink) {
    for (int i = 0; i < evictions_at_once && !budgets_.memory.fits(octets); ++i) {
        Exporter* const candidate = order_.candidate(exporter.last_seen, &exporter);
        if (candidate == nullptr) return false;
        evict(*candidate, sink);
    }
    return budgets_.memory.fits(octets);
}

void ExporterRegistry::evict(Exporter& exporter, flow::RecordSink& sink) {
    // Missing numbers that nobody reports now are never reported: the state that knows them goes.
    GapReporter(exporter, counters_, sink).report_all();
    ++counters_.evicted;
    counters_.dropped += exporter.pending.count();
    order_.remove(exporter);
    const Address address = exporter.address;  // the key must outlive the entry
    by_address_.erase(address);
}

void ExporterRegistry::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(size()));
    each([&](const Exporter& exporter) { put_exporter(to, exporter); });
}

bool ExporterRegistry::restore(ByteCursor& from, std::uint64_t wanted, std::uint32_t version) {
    std::uint32_t count = 0;
    if (!get_count(from, limits_.exporters, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        Address address;
        if (!get(from, address) || find(address) != nullptr) return false;
        Exporter& exporter = add(address);
        if (!get_exporter(from, limits_, wanted, version, exporter)) return false;
        // Its standing follows from its records, which add() did not know.
        order_.touch(exporter);
    }
    return true;
}

}  // namespace octroi::exporter
