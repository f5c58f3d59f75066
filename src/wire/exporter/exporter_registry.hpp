// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Owns all exporters, by address, and keeps them within the limits of their number and their
// memory: it evicts exporters to admit others (in the order of EvictionOrder), and refuses new ones
// when all are protected.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/eviction_order.hpp"
#include "wire/exporter/exporter_state.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/seeded_table.hpp"
#include "wire/exporter/snapshot_values.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

class ExporterRegistry {
public:
    // `limits` and `counters` must outlive the object.
    ExporterRegistry(const Limits& limits, std::uint64_t seed, Counters& counters);
    ExporterRegistry(const ExporterRegistry&) = delete;
    ExporterRegistry& operator=(const ExporterRegistry&) = delete;

    // nullptr: not known. An Exporter is valid until it is evicted, which only admit() and
    // reserve() for another one do.
    [[nodiscard]] Exporter* find(const Address& address) const noexcept;
    // The exporter of this address, new if it is not known. nullptr: the table is full and no
    // other can be evicted; counted as refused. Gaps of an evicted exporter go to the sink.
    [[nodiscard]] Exporter* admit(const Address& address, UtcTime received, flow::RecordSink& sink);
    // Whether `exporter` may charge so many octets more. Evicts others if that is needed, and hands
    // their gaps to the sink. False: the limit would be exceeded all the same.
    [[nodiscard]] bool reserve(std::size_t octets, const Exporter& exporter,
                               flow::RecordSink& sink);
    // To be called when a message of the exporter was received.
    void touch(Exporter& exporter) noexcept { order_.touch(exporter); }

    [[nodiscard]] std::size_t size() const noexcept { return by_address_.size(); }
    [[nodiscard]] std::size_t memory() const noexcept { return budgets_.memory.used(); }  // octets
    // In the order of eviction.
    template <typename Visit>
    void each(Visit&& visit) const {
        order_.each(visit);
    }

    // Each exporter with all its components, behind their number.
    void save(ByteWriter& to) const;
    // Into an empty object. False: not what save() wrote, or beyond the limits. `wanted`: as in
    // Settings.
    [[nodiscard]] bool restore(ByteCursor& from, std::uint64_t wanted,
                               std::uint32_t version = snapshot_version);

private:
    Exporter& add(const Address& address);
    void evict(Exporter& exporter, flow::RecordSink& sink);

    const Limits& limits_;
    const std::uint64_t seed_;
    Counters& counters_;
    Budgets budgets_;  // before the exporters that charge them
    SeededTable<Address, std::unique_ptr<Exporter>> by_address_;
    EvictionOrder order_;
};

}  // namespace octroi::exporter
