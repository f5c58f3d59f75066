// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Exporters with elements 85 and 86 (octetTotalCount, packetTotalCount) report the totals of a flow
// since it began, again with each of its records. The difference to the record before counts.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <optional>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/normalize/flow_identity.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

class RunningTotals {
public:
    // Flows of all exporters together. A new flow beyond that is not stored, and each of its
    // records counts as a whole: evicted() says how often. Memory: at most 80 MiB.
    static constexpr std::size_t flows_max = std::size_t{1} << 19U;
    // A flow that was not reported for this time, at most twice as long, has ended and is dropped.
    static constexpr Duration idle_max = Duration::minutes(60);

    // seed: secret, for the hash tables; has no influence on results.
    explicit RunningTotals(std::uint64_t seed) : seed_(seed) {}

    struct Difference {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::optional<UtcTime> since;  // the end of the record before; absent: there was none
    };
    // What the record adds to the one before of the same flow. A record that ends before that one
    // is late and adds nothing. If a total is smaller otherwise, the record is about a new flow
    // with the same key, and counts as a whole.
    [[nodiscard]] Difference difference(const flow::MessageContext& context,
                                        const flow::FlowRecord& record);
    // Records of flows that were not stored.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    void save(ByteWriter& out) const;
    // False: save() did not write these octets.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct Totals {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        UtcTime last;  // the end of the latest record, by the exporter's clock
    };
    using Flows = boost::unordered_flat_map<FlowIdentity, Totals, FlowIdentityHash>;
    // Two generations: a flow that is reported moves to the recent one, and the older one is
    // dropped as a whole.
    struct Exporter {
        explicit Exporter(std::uint64_t seed)
            : recent(0, FlowIdentityHash{seed}), older(0, FlowIdentityHash{seed}) {}
        Flows recent;
        Flows older;
        UtcTime generation_start;
    };
    Exporter& exporter(const Address& address);
    void start_generation(Exporter& exporter, UtcTime now);
    [[nodiscard]] std::optional<Totals> find(Exporter& exporter, const FlowIdentity& identity);

    std::uint64_t seed_;
    std::map<Address, Exporter> exporters_;
    std::size_t flows_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::normalize
