// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Exporters that report totals since a flow began (elements 85 and 86) send the same octets again
// with each record of the flow. What counts is the difference to the record before.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/collector/flow_identity.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::collector {

class RunningTotals {
public:
    // Flows that are remembered, in all. When there are more, the exporter that has most of them
    // forgets those it did not mention for longest: its own flows may then count anew, nobody
    // else's.
    static constexpr std::size_t flows_max = std::size_t{1} << 19U;

    explicit RunningTotals(std::uint64_t seed) : seed_(seed) {}

    struct Counts {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    // What of the record's totals was not there before. A total that is smaller than the one before
    // belongs to a new flow of the same name, and counts whole.
    [[nodiscard]] Counts difference(const flow::MessageContext& context,
                                    const flow::FlowRecord& record);

    void save(ByteWriter& out) const;
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    using Flows = boost::unordered_flat_map<FlowIdentity, Counts, FlowIdentityHash>;
    // Two generations: what is mentioned moves to the recent one.
    struct Exporter {
        explicit Exporter(std::uint64_t seed)
            : recent(0, FlowIdentityHash{seed}), older(0, FlowIdentityHash{seed}) {}
        Flows recent;
        Flows older;
        [[nodiscard]] std::size_t size() const noexcept { return recent.size() + older.size(); }
    };
    void make_room();
    Exporter& exporter(const Address& address);

    std::uint64_t seed_;
    std::map<Address, Exporter> exporters_;
    std::size_t flows_ = 0;
};

}  // namespace octroi::collector
