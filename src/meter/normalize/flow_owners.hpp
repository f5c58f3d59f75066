// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Traffic that passes several exporters is reported by each of them. The first one that reports a
// flow owns it for as long as it reports it; records of others about it are duplicates.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "meter/normalize/flow_identity.hpp"

namespace octroi::normalize {

class FlowOwners {
public:
    // Flows in the table. When more are reported within the window, the older half is evicted
    // early. Memory: at most 160 MiB.
    static constexpr std::size_t flows_max = std::size_t{1} << 20U;

    // window: how long an owner keeps a flow that it does not report. seed: secret, for the hash
    // tables; has no influence on results.
    FlowOwners(Duration window, std::uint64_t seed)
        : window_(window), recent_(0, FlowIdentityHash{seed}), older_(0, FlowIdentityHash{seed}) {}

    // Whether another exporter owns the flow; else this one owns it from now on. now: receive
    // times, which ascend but for steps of our clock.
    [[nodiscard]] bool belongs_to_other(const FlowIdentity& flow, const Address& exporter,
                                        UtcTime now);
    // How often the older half was evicted early: traffic of its flows may count twice.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    void save(ByteWriter& out) const;
    // False: save() did not write these octets.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct Owner {
        Address exporter;
        UtcTime last;  // receive time of its latest record
    };
    using Flows = boost::unordered_flat_map<FlowIdentity, Owner, FlowIdentityHash>;
    void start_generation(UtcTime now);
    [[nodiscard]] bool is_valid(const Owner& owner, UtcTime now) const;

    // Two generations instead of a list by age: eviction drops a whole table, and costs nothing for
    // each flow.
    Duration window_;
    Flows recent_;
    Flows older_;
    UtcTime generation_start_ = UtcTime::min();  // min: not begun
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::normalize
