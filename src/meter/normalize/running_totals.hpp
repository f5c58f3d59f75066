// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Exporters that report totals since a flow began (elements 85 and 86) send the same octets again
// with each record of the flow. What counts is the difference to the record before.

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
    // Flows that are remembered, in all. A flow that is new when there are as many is not
    // remembered, and counts whole each time: forgotten() says how often. An exporter's flows that
    // were not mentioned for idle_max to twice as long are forgotten; they have ended.
    static constexpr std::size_t flows_max = std::size_t{1} << 19U;
    static constexpr Duration idle_max = Duration::minutes(60);

    explicit RunningTotals(std::uint64_t seed) : seed_(seed) {}

    struct Difference {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::optional<UtcTime> since;  // the end of the record before, if there was one
    };
    // What of the record's totals was not there before. A record that ends before the one before
    // it is late: nothing of it is new. A total that is smaller otherwise belongs to a new flow of
    // the same name, and counts whole.
    [[nodiscard]] Difference difference(const flow::MessageContext& context,
                                        const flow::FlowRecord& record);
    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

    void save(ByteWriter& out) const;
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct Totals {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        UtcTime last;
    };
    using Flows = boost::unordered_flat_map<FlowIdentity, Totals, FlowIdentityHash>;
    // Two generations: what is mentioned moves to the recent one.
    struct Exporter {
        explicit Exporter(std::uint64_t seed)
            : recent(0, FlowIdentityHash{seed}), older(0, FlowIdentityHash{seed}) {}
        Flows recent;
        Flows older;
        UtcTime turned;
    };
    Exporter& exporter(const Address& address);
    void turn(Exporter& of, UtcTime now);

    std::uint64_t seed_;
    std::map<Address, Exporter> exporters_;
    std::size_t flows_ = 0;
    std::uint64_t forgotten_ = 0;
};

}  // namespace octroi::normalize
