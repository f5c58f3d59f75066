// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/snapshot_values.hpp"

#include "wire/exporter/protocols.hpp"

namespace octroi::exporter {

void put(ByteWriter& to, UtcTime time) { to.be64(static_cast<std::uint64_t>(time.ns)); }

void put(ByteWriter& to, const Address& address) {
    to.u8(static_cast<std::uint8_t>(address.family));
    for (const std::uint8_t octet : address.octets) to.u8(octet);
}

void put(ByteWriter& to, const flow::MessageContext& context) {
    put(to, context.exporter);
    to.u8(static_cast<std::uint8_t>(context.protocol));
    to.be32(context.observation_domain);
    put(to, context.exported);
    put(to, context.received);
    to.be16(context.transport_session);
    put(to, context.sender);
    to.be16(context.port);
}

// Without init_ms: decoding a pending set takes that from the observation domain.
void put(ByteWriter& to, const ipfix::Origin& origin) {
    put(to, origin.exported);
    to.u8(origin.has_uptime ? 1 : 0);
    to.be32(origin.uptime_ms);
    to.u8(origin.icmp_in_port ? 1 : 0);
}

bool get(ByteCursor& from, bool& value) {
    std::uint8_t octet = 0;
    if (!from.u8(octet) || octet > 1) return false;
    value = octet == 1;
    return true;
}

bool get(ByteCursor& from, UtcTime& time) {
    std::uint64_t ns = 0;
    if (!from.be64(ns)) return false;
    time.ns = static_cast<std::int64_t>(ns);
    return true;
}

bool get(ByteCursor& from, Address& address) {
    std::uint8_t family = 0;
    if (!from.u8(family) || (family != 0 && family != 4 && family != 6)) return false;
    address.family = Family{family};
    for (std::uint8_t& octet : address.octets)
        if (!from.u8(octet)) return false;
    return true;
}

bool get(ByteCursor& from, flow::MessageContext& context) {
    std::uint8_t protocol = 0;
    if (!get(from, context.exporter) || !from.u8(protocol)) return false;
    context.protocol = flow::Protocol{protocol};
    if (protocol != 0 && protocol_bit(context.protocol) == 0) return false;
    return from.be32(context.observation_domain) && get(from, context.exported) &&
           get(from, context.received) && from.be16(context.transport_session) &&
           get(from, context.sender) && from.be16(context.port);
}

bool get(ByteCursor& from, ipfix::Origin& origin) {
    return get(from, origin.exported) && get(from, origin.has_uptime) &&
           from.be32(origin.uptime_ms) && get(from, origin.icmp_in_port);
}

bool get_count(ByteCursor& from, std::size_t most, std::uint32_t& count) {
    return from.be32(count) && count <= most;
}

}  // namespace octroi::exporter
