// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One meter with its attribution: readings become batches. On one thread.

#include <utility>

#include "attribute/attributor.hpp"
#include "base/check.hpp"
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
    // All readings since the last batch, with the cursors of the meter. The caller commits it.
    [[nodiscard]] Result<Batch> make_batch();
    // The next batch is the last one.
    void on_stop() { meter_.on_stop(); }
    // To be called when the last batch is in the ledger.
    void committed() { meter_.committed(); }
    // Attributes with these tables from now on. To be called directly after make_batch() only.
    void replace(const AttributionTables& tables);

    // Attributes with these sessions from now on, also within a batch (Attributor::use_sessions()).
    void use_sessions(SessionsPtr sessions) { attributor_.use_sessions(std::move(sessions)); }

    // A commit is due: the batch has many rows or identities, which bounds memory, or a large
    // volume.
    [[nodiscard]] bool full() const {
        return attributor_.rows() >= Attributor::rows_kept || attributor_.is_volume_due() ||
               attributor_.identities() >= identities_max;
    }
    // The meter has stated who held an address: other meters wait for the commit.
    [[nodiscard]] bool has_identities() const { return attributor_.identities() > 0; }
    // The batch has the most rows that memory permits: no reading before the next commit.
    [[nodiscard]] bool overfull() const { return attributor_.rows() >= 2 * Attributor::rows_kept; }
    [[nodiscard]] const MeterName& name() const { return name_; }
    // Of the meter, then of its attribution.
    [[nodiscard]] std::vector<CounterValue> counters() const;

private:
    // Some 10 MB.
    static constexpr std::size_t identities_max = std::size_t{1} << 16U;

    // Gives the attributor new names before the readings that refer to them.
    class NamedSink final : public ReadingSink {
    public:
        NamedSink(const Meter& meter, Attributor& attributor)
            : meter_(meter), attributor_(attributor) {}
        void accept(std::span<const Reading> readings) override {
            update_names();
            attributor_.accept(readings);
        }
        void accept_counted(std::span<const CountedVolume> volumes) override {
            update_names();
            // A meter that hands over more makes batches without a bound: a bug.
            counted_ += volumes.size();
            CHECK(counted_ <= counted_volumes_of_a_pull_max);
            attributor_.accept_counted(volumes);
        }
        void accept_identities(std::span<const IdentityEvent> events) override {
            attributor_.accept_identities(events);
        }
        // A call of pull() or checkpoint() begins.
        void begin_pull() noexcept { counted_ = 0; }

    private:
        void update_names() {
            const NameTable& names = meter_.names();
            if (names.rows().size() == known_ && names.refused() == refused_ &&
                names.renamed() == renamed_)
                return;
            attributor_.set_names(names.rows(), names.refused());
            names.each_renamed(std::exchange(renamed_, names.renamed()), [&](NameRef ref) {
                attributor_.rename(ref, names.rows()[ref - 1]);
            });
            known_ = names.rows().size();
            refused_ = names.refused();
        }

        const Meter& meter_;
        Attributor& attributor_;
        std::size_t counted_ = 0;    // volumes of this call of the meter
        std::size_t known_ = 0;      // rows that the attributor has
        std::uint64_t refused_ = 0;  // the count that the attributor has
        std::uint64_t renamed_ = 0;  // renamed rows that the attributor has
    };

    MeterName name_;
    Meter& meter_;
    const Clock& clock_;
    Attributor attributor_;
    NamedSink named_;
};

}  // namespace octroi
