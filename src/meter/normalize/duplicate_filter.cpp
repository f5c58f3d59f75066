// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/duplicate_filter.hpp"

namespace octroi::normalize {
namespace {

constexpr std::uint8_t egress = 1;  // element 61, flowDirection

}  // namespace

bool DuplicateFilter::is_duplicate(const flow::MessageContext& context,
                                   const flow::FlowRecord& record, const Reading& reading,
                                   const InsidePorts& inside) {
    switch (policy_.deduplicate) {
        case Deduplicate::none:
            return false;
        case Deduplicate::ingress:
            return record.has(flow::Field::direction) && record.direction == egress;
        case Deduplicate::flow_key: {
            FlowIdentity flow = identity_of(record);
            flow.src = reading.src.octets;
            flow.dst = reading.dst.octets;
            flow.family = static_cast<std::uint8_t>(reading.src.family);
            flow.sport = inside.source;
            flow.dport = inside.destination;
            return owners_.belongs_to_other(flow, context.exporter, context.received);
        }
    }
    return false;
}

}  // namespace octroi::normalize
