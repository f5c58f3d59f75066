// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/sflow/packet_fields.hpp"

namespace octroi::sflow {
namespace {

using flow::Field;
using flow::FlowRecord;
using packet::Packet;

constexpr std::uint8_t proto_icmp = 1;
constexpr std::uint8_t proto_icmpv6 = 58;

// Sets the transport fields that are within the sampled octets.
void set_transport(FlowRecord& record, const Packet& p, std::size_t captured) noexcept {
    const std::uint8_t proto = p.key.proto();
    if (p.fragment == packet::Fragment::later || p.transport == 0) return;
    const std::size_t seen = captured - p.transport;
    if (has_ports(proto) && seen >= 4) {
        record.sport = p.key.sport();
        record.dport = p.key.dport();
        record.fields |= flow::bit(Field::sport) | flow::bit(Field::dport);
    }
    if (proto == proto_tcp && seen >= 14) {
        record.tcp_flags = p.tcp_flags;
        record.fields |= flow::bit(Field::tcp_flags);
    }
    if ((proto == proto_icmp || proto == proto_icmpv6) && seen >= 2) {
        record.icmp_type = p.key.icmp_type();
        record.icmp_code = p.key.icmp_code();
        record.fields |= flow::bit(Field::icmp);
    }
}

}  // namespace

void set_ip(FlowRecord& record, const Packet& p, std::size_t captured) noexcept {
    record.src = p.key.src();
    record.dst = p.key.dst();
    record.proto = p.key.proto();
    record.tos = p.tos;
    record.fields |= flow::bit(Field::src) | flow::bit(Field::dst) | flow::bit(Field::proto) |
                     flow::bit(Field::tos);
    set_transport(record, p, captured);
}

void set_link(FlowRecord& record, const Packet& p) noexcept {
    if (p.key.vlan() != 0) {
        record.vlan = p.key.vlan();
        record.fields |= flow::bit(Field::vlan);
    }
    if (p.key.inner_vlan() != 0) {
        record.inner_vlan = p.key.inner_vlan();
        record.fields |= flow::bit(Field::inner_vlan);
    }
    if (p.src_mac().empty() && p.dst_mac().empty()) return;
    record.src_mac = p.src_mac();
    record.dst_mac = p.dst_mac();
    record.fields |= flow::bit(Field::src_mac) | flow::bit(Field::dst_mac);
}

}  // namespace octroi::sflow
