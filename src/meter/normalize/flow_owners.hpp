// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Traffic that passes several exporters is reported by each. The first one that reports a flow
// keeps it for as long as it goes on reporting; records of others about it are duplicates.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/normalize/flow_identity.hpp"

namespace octroi::normalize {

class FlowOwners {
public:
    // Flows that are remembered. When there are more within the window, the older half of them is
    // forgotten early: traffic may then count twice, and forgotten() says how often.
    static constexpr std::size_t flows_max = std::size_t{1} << 20U;

    FlowOwners(Duration window, std::uint64_t seed)
        : window_(window), recent_(0, FlowIdentityHash{seed}), older_(0, FlowIdentityHash{seed}) {}

    // Whether the flow is another exporter's. now: receive times, in about their order.
    [[nodiscard]] bool is_anothers(const FlowIdentity& flow, const Address& exporter, UtcTime now);
    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

    void save(ByteWriter& out) const;
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct Claim {
        Address exporter;
        UtcTime last;
    };
    using Flows = boost::unordered_flat_map<FlowIdentity, Claim, FlowIdentityHash>;
    void turn(UtcTime now);
    [[nodiscard]] bool is_fresh(const Claim& claim, UtcTime now) const;

    Duration window_;
    Flows recent_;
    Flows older_;
    UtcTime turned_ = UtcTime::min();
    std::uint64_t forgotten_ = 0;
};

}  // namespace octroi::normalize
