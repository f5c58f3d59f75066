// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/packet_sections.hpp"

#include <optional>

#include "base/byte_cursor.hpp"
#include "wire/packet/sampled_frame.hpp"
#include "wire/sflow/packet_fields.hpp"

namespace octroi::exporter {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;
using flow::SectionKind;

// The record may still hold what the section of an earlier one stated.
void clear_packet(FlowRecord& r) noexcept {
    const auto clear = [&](Field field, auto& value) {
        if (!r.has(field)) value = {};
    };
    clear(Field::src, r.src);
    clear(Field::dst, r.dst);
    clear(Field::src_mac, r.src_mac);
    clear(Field::dst_mac, r.dst_mac);
    clear(Field::sport, r.sport);
    clear(Field::dport, r.dport);
    clear(Field::proto, r.proto);
    clear(Field::tos, r.tos);
    clear(Field::tcp_flags, r.tcp_flags);
    clear(Field::icmp, r.icmp_type);
    clear(Field::icmp, r.icmp_code);
    clear(Field::vlan, r.vlan);
    clear(Field::inner_vlan, r.inner_vlan);
    clear(Field::ethertype, r.ethertype);
    r.doubtful_length = false;
}

void decode_section(FlowRecord& record) noexcept {
    clear_packet(record);
    const ByteSpan octets = as_octets(record.section);
    const auto link =
        record.section_kind == SectionKind::ip ? packet::LinkType::raw : packet::LinkType::ethernet;
    packet::StatedLength stated;
    if (record.has(Field::frame_bytes) && record.frame_bytes <= UINT32_MAX)
        stated.frame = static_cast<std::uint32_t>(record.frame_bytes);
    packet::SampledFrame sampled;  // decode_sampled() sets every field
    packet::decode_sampled(link, octets, stated, sampled);
    const packet::Packet& p = sampled.packet;
    record.bytes = p.bytes;
    record.packets = 1;
    record.fields |= bit(Field::bytes) | bit(Field::packets);
    record.doubtful_length = sampled.doubt != packet::LengthDoubt::none;
    sflow::set_link(record, p);
    if (p.outcome == packet::Outcome::ip) {
        record.kind = flow::RecordKind::traffic;
        sflow::set_ip(record, p, octets.size());
        return;
    }
    record.kind = flow::RecordKind::non_ip;
    record.ethertype = p.ethertype;
    if (p.ethertype != 0) record.fields |= bit(Field::ethertype);
}

}  // namespace

void decode_sections(std::span<FlowRecord> records) noexcept {
    for (FlowRecord& record : records)
        if (!record.has(Field::bytes) && !record.section.empty()) decode_section(record);
}

}  // namespace octroi::exporter
