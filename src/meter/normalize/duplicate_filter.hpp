// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/byte_cursor.hpp"
#include "meter/normalize/flow_owners.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "meter/normalize/nat_resolver.hpp"
#include "record/reading.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

// Decides by the policy which records are duplicates of others.
class DuplicateFilter {
public:
    // The policy must outlive the filter.
    DuplicateFilter(const FlowPolicy& policy, std::uint64_t seed)
        : policy_(policy), owners_(policy.window, seed) {}

    // reading, inside: of the record, with the ends inside of NAT devices, so that routers on both
    // sides of one report the same flow.
    [[nodiscard]] bool is_duplicate(const flow::MessageContext& context,
                                    const flow::FlowRecord& record, const Reading& reading,
                                    const InsidePorts& inside);
    // How often owners were evicted early: their flows may count twice.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return owners_.evicted(); }

    void save(ByteWriter& out) const { owners_.save(out); }
    [[nodiscard]] bool restore(ByteCursor& in) { return owners_.restore(in); }

private:
    const FlowPolicy& policy_;
    FlowOwners owners_;
};

}  // namespace octroi::normalize
