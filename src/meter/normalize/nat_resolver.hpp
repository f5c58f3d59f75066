// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// NAT events in flow records open and close mappings (meter/nat); addresses outside of a NAT device
// in other records are replaced by the inside ones, where the policy says so.

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "meter/nat/nat_table.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "record/reading.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

// The ports of the inside ends, or as in the record where they are not translated.
struct InsidePorts {
    std::uint16_t source = 0;
    std::uint16_t destination = 0;
    bool is_translated = false;  // at least one end
};

class NatResolver {
public:
    // The policy must outlive the resolver.
    NatResolver(const FlowPolicy& policy, std::uint64_t seed) : policy_(policy), table_(seed) {}

    // The NAT event in a record; none: there is none, or the policy does not accept its device.
    [[nodiscard]] std::optional<nat::NatEvent> event_of(const flow::MessageContext& context,
                                                        const flow::FlowRecord& record) const;
    // Replaces the addresses of the reading by the inside ones, as the record itself states them,
    // or by the mappings. Its ports stay: they tell the service.
    [[nodiscard]] InsidePorts resolve(const Address& exporter, const flow::FlowRecord& record,
                                      Reading& reading) const {
        constexpr std::uint64_t stated =
            flow::bit(flow::Field::nat_src) | flow::bit(flow::Field::nat_dst);
        if ((record.fields & stated) != 0 && policy_.apply_translations)
            return resolve_stated(exporter, record, reading);
        return resolve_by_table(exporter, reading);
    }

    [[nodiscard]] nat::NatTable& table() noexcept { return table_; }
    [[nodiscard]] const nat::NatTable& table() const noexcept { return table_; }

private:
    [[nodiscard]] InsidePorts resolve_by_table(const Address& exporter, Reading& reading) const {
        if (table_.empty() || !policy_.apply_translations ||
            (!table_.knows(reading.src) && !table_.knows(reading.dst)))
            return {reading.sport, reading.dport};
        return resolve_known(exporter, reading);
    }
    [[nodiscard]] InsidePorts resolve_stated(const Address& exporter,
                                             const flow::FlowRecord& record,
                                             Reading& reading) const;
    [[nodiscard]] InsidePorts resolve_known(const Address& exporter, Reading& reading) const;

    const FlowPolicy& policy_;
    nat::NatTable table_;
};

}  // namespace octroi::normalize
