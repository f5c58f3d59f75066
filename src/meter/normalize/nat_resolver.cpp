// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/nat_resolver.hpp"

#include <utility>

#include "meter/nat/known_port.hpp"
#include "meter/normalize/nat_record.hpp"

namespace octroi::normalize {

std::optional<nat::NatEvent> NatResolver::event_of(const flow::MessageContext& context,
                                                   const flow::FlowRecord& record) const {
    const bool is_accepted =
        policy_.nat_devices.empty() || any_contains(policy_.nat_devices, context.exporter);
    if (!is_accepted) return std::nullopt;
    std::optional<nat::NatEvent> event = nat_event_of(record);
    if (event) event->mapping.device = context.exporter;
    return event;
}

InsidePorts NatResolver::resolve_stated(const Address& exporter, const flow::FlowRecord& record,
                                        Reading& reading) const {
    const std::optional<InsideOfRecord> inside = inside_of(record);
    InsidePorts ports = resolve_by_table(exporter, reading);
    if (!inside) return ports;
    (inside->of_source ? reading.src : reading.dst) = inside->address;
    std::uint16_t& port = inside->of_source ? ports.source : ports.destination;
    if (inside->port != 0) port = inside->port;
    ports.is_translated = true;
    return ports;
}

InsidePorts NatResolver::resolve_known(const Address& exporter, Reading& reading) const {
    const nat::InsideQuery of_source{exporter,
                                     reading.src,
                                     reading.dst,
                                     reading.proto,
                                     nat::known_port(reading.proto, reading.sport),
                                     nat::known_port(reading.proto, reading.dport),
                                     reading.first,
                                     reading.last,
                                     policy_.nat_devices};
    nat::InsideQuery of_destination = of_source;
    std::swap(of_destination.outside, of_destination.remote);
    std::swap(of_destination.port, of_destination.remote_port);
    // Both queries are about the ends as they are on the wire, so both come before the first
    // change.
    const auto source = table_.inside_of(of_source);
    const auto destination = table_.inside_of(of_destination);
    InsidePorts ports{reading.sport, reading.dport, source || destination};
    const auto replace = [](const auto& inside, Address& address, std::uint16_t& port) {
        if (!inside) return;
        address = inside->address;
        if (inside->port != 0) port = inside->port;
    };
    replace(source, reading.src, ports.source);
    replace(destination, reading.dst, ports.destination);
    return ports;
}

}  // namespace octroi::normalize
