// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/netflow/fixed.hpp"

#include <algorithm>

namespace octroi::netflow {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;
using flow::Outcome;
using flow::Protocol;

struct Layout {
    Protocol protocol;
    std::size_t header;
    std::size_t record;
};
constexpr Layout v1{Protocol::netflow_v1, 16, 48};
constexpr Layout v5{Protocol::netflow_v5, 24, 48};
constexpr Layout v7{Protocol::netflow_v7, 24, 52};

const Layout* layout_of(std::uint16_t version) noexcept {
    switch (version) {
        case 1:
            return &v1;
        case 5:
            return &v5;
        case 7:
            return &v7;
        default:
            return nullptr;
    }
}

constexpr std::uint64_t fields_v1 = bit(Field::bytes) | bit(Field::packets) | bit(Field::first) |
                                    bit(Field::last) | bit(Field::src) | bit(Field::dst) |
                                    bit(Field::next_hop) | bit(Field::sport) | bit(Field::dport) |
                                    bit(Field::proto) | bit(Field::tos) | bit(Field::tcp_flags) |
                                    bit(Field::in_if) | bit(Field::out_if);
constexpr std::uint64_t fields_v5 = fields_v1 | bit(Field::src_as) | bit(Field::dst_as) |
                                    bit(Field::src_mask) | bit(Field::dst_mask);

// For Batch::prepare(): versions 5 and 7 fill the same fields.
constexpr std::uint64_t serial_v1 = 0x6e66763100000001U;
constexpr std::uint64_t serial_v5 = 0x6e66763500000001U;

// The first 36 octets are the same in all three versions.
void common(const FixedMessage& message, const std::byte* p, FlowRecord& r) noexcept {
    ipfix::put_v4(reinterpret_cast<std::byte*>(&r.src), p);
    ipfix::put_v4(reinterpret_cast<std::byte*>(&r.dst), p + 4);
    ipfix::put_v4(reinterpret_cast<std::byte*>(&r.next_hop), p + 8);
    r.in_if = load_be16(p + 12);
    r.out_if = load_be16(p + 14);
    r.packets = load_be32(p + 16);
    r.bytes = load_be32(p + 20);
    r.first = ipfix::from_uptime(message.exported, message.uptime_ms, load_be32(p + 24));
    r.last = ipfix::from_uptime(message.exported, message.uptime_ms, load_be32(p + 28));
    r.sport = load_be16(p + 32);
    r.dport = load_be16(p + 34);
    r.proto = static_cast<std::uint8_t>(p[38]);
    r.tos = static_cast<std::uint8_t>(p[39]);
}

void version_1(const FixedMessage& message, const std::byte* p, FlowRecord& r) noexcept {
    r.fields = fields_v1;
    common(message, p, r);
    r.tcp_flags = static_cast<std::uint8_t>(p[40]);
}

void version_5(const FixedMessage& message, const std::byte* p, FlowRecord& r) noexcept {
    r.fields = fields_v5;
    common(message, p, r);
    r.tcp_flags = static_cast<std::uint8_t>(p[37]);
    r.src_as = load_be16(p + 40);
    r.dst_as = load_be16(p + 42);
    r.src_mask = static_cast<std::uint8_t>(p[44]);
    r.dst_mask = static_cast<std::uint8_t>(p[45]);
}

}  // namespace

Outcome parse_fixed(ByteSpan octets, FixedMessage& out) noexcept {
    if (octets.size() < v1.header) return Outcome::malformed;
    const std::byte* p = octets.data();
    const Layout* layout = layout_of(load_be16(p));
    if (layout == nullptr || octets.size() < layout->header) return Outcome::malformed;
    const std::size_t announced = load_be16(p + 2);
    const std::size_t there = (octets.size() - layout->header) / layout->record;
    out = {};
    out.protocol = layout->protocol;
    out.record_octets = layout->record;
    out.count = static_cast<std::uint32_t>(std::min(announced, there));
    out.uptime_ms = load_be32(p + 4);
    const std::uint32_t ns = load_be32(p + 12);
    out.exported = UtcTime{UtcTime::from_seconds(load_be32(p + 8)).ns +
                           (ns < 1'000'000'000U ? std::int64_t{ns} : 0)};
    if (layout->protocol != Protocol::netflow_v1) out.sequence = load_be32(p + 16);
    if (layout == &v5) {
        out.engine = load_be16(p + 20);
        // The upper two bits are the sampling mode. Some exporters leave them 0 and sample anyway.
        out.sampling = load_be16(p + 22) & 0x3fffU;
    }
    out.records = octets.subspan(layout->header, out.count * layout->record);
    const bool whole = announced <= there;
    out.octets = whole ? layout->header + out.records.size() : octets.size();
    return whole ? Outcome::ok : Outcome::incomplete;
}

bool fill(const FixedMessage& message, ByteCursor& records, ipfix::Batch& batch) noexcept {
    const bool first_version = message.protocol == Protocol::netflow_v1;
    batch.prepare(first_version ? serial_v1 : serial_v5);
    ByteSpan octets;
    while (!batch.full() && records.raw(message.record_octets, octets)) {
        FlowRecord& r = batch.next();
        if (first_version) {
            version_1(message, octets.data(), r);
        } else {
            version_5(message, octets.data(), r);
        }
        r.icmp_type = r.icmp_code = 0;
        // These versions have no field for ICMP: routers write type and code into the destination
        // port.
        if (r.proto == 1) ipfix::set_icmp(r, r.dport);
        r.sampling = message.sampling;
        if (message.sampling != 0) r.fields |= bit(Field::sampling);
        batch.add();
    }
    return records.left() != 0;
}

}  // namespace octroi::netflow
