// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One meter with its attribution: what it reads becomes batches. On one thread.

#include "attribute/attributor.hpp"
#include "host/clock.hpp"
#include "meter/meter.hpp"
#include "record/batch.hpp"
#include "service/attribution.hpp"

namespace octroi {

class Metering {
public:
    // Meter and clock must outlive it.
    Metering(MeterName name, Meter& meter, const AttributionTables& tables, const Clock& clock);

    Metering(const Metering&) = delete;
    Metering& operator=(const Metering&) = delete;

    [[nodiscard]] Result<Pull> pull(Duration wait);
    // All that was read since the last cut, with the meter's place: to be committed.
    [[nodiscard]] Result<Batch> make_batch();
    // The batch of the last cut is in the ledger.
    void committed() { meter_.committed(); }
    // Other tables from here on; only right behind cut().
    void replace(const AttributionTables& tables);

    // More rows than this make a batch too large to be kept in memory at ease: cut at once.
    [[nodiscard]] bool full() const { return attributor_.rows() >= Attributor::rows_kept; }
    // So many that reading on would take too much of it.
    [[nodiscard]] bool overfull() const { return attributor_.rows() >= 2 * Attributor::rows_kept; }
    [[nodiscard]] const MeterName& name() const { return name_; }

private:
    // Tells the attributor of new interfaces and next hops before readings that name them.
    class Named final : public ReadingSink {
    public:
        Named(const Meter& meter, Attributor& attributor)
            : meter_(meter), attributor_(attributor) {}
        void accept(std::span<const Reading> readings) override {
            const auto names = meter_.interfaces();
            if (names.size() != known_) attributor_.set_interfaces(names);
            known_ = names.size();
            const auto next_hops = meter_.next_hops();
            if (next_hops.size() != known_next_hops_) attributor_.set_next_hops(next_hops);
            known_next_hops_ = next_hops.size();
            attributor_.accept(readings);
        }

    private:
        const Meter& meter_;
        Attributor& attributor_;
        std::size_t known_ = 0;
        std::size_t known_next_hops_ = 0;
    };

    MeterName name_;
    Meter& meter_;
    const Clock& clock_;
    Attributor attributor_;
    Named named_;
};

}  // namespace octroi
