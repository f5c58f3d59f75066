// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_messages.hpp"

#include <algorithm>
#include <cstring>

#include "base/byte_cursor.hpp"
#include "base/hash.hpp"

namespace octroi::bench {
namespace {

constexpr std::uint32_t uptime_ms = 500'000'000;
constexpr std::uint16_t template_id = 256;

struct Flow {
    std::uint32_t src;
    std::uint32_t dst;
    std::uint16_t sport;
    std::uint16_t dport;
    std::uint8_t proto;
    std::uint32_t bytes;
    std::uint32_t packets;
};

Flow flow_of(std::uint32_t number, std::uint32_t hosts, std::uint64_t seed) {
    const std::uint64_t n = mix(number + mix_a, seed ^ mix_b);
    const std::uint32_t local = 0x0a000000U | (number % hosts);
    const std::uint32_t far = 0x2d000000U | (static_cast<std::uint32_t>(n) & 0x0fffffffU);
    const bool out = (n >> 60U & 1U) != 0;
    constexpr std::uint16_t services[] = {443, 443, 443, 80, 53, 22, 25, 993};
    return {out ? local : far,
            out ? far : local,
            static_cast<std::uint16_t>(1024 + (n >> 32U) % 60000),
            services[(n >> 50U) & 7U],
            static_cast<std::uint8_t>((n >> 56U & 3U) == 0 ? 17 : 6),
            static_cast<std::uint32_t>(64 + (n >> 16U) % 1'000'000),
            static_cast<std::uint32_t>(1 + (n >> 20U) % 700)};
}

// Templates as routers send them: 20 fields and more.
constexpr std::uint16_t v9_fields[][2] = {
    {8, 4},  {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 4},  {1, 4}, {22, 4}, {21, 4}, {7, 2},
    {11, 2}, {6, 1},  {4, 1},  {5, 1},  {16, 4}, {17, 4}, {9, 1}, {13, 1}, {61, 1}, {48, 1}};
constexpr std::uint16_t ipfix_fields[][2] = {
    {8, 4},  {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 8},  {1, 8}, {152, 8}, {153, 8}, {7, 2},
    {11, 2}, {6, 1},  {4, 1},  {5, 1},  {16, 4}, {17, 4}, {9, 1}, {13, 1},  {61, 1},  {136, 1}};

void put(ByteWriter& out, std::uint64_t value, unsigned octets) {
    for (unsigned i = octets; i-- > 0;) out.u8(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_field(ByteWriter& out, std::uint16_t id, std::uint16_t length, const Flow& f,
               std::uint64_t now_s) {
    const std::uint64_t value = [&]() -> std::uint64_t {
        switch (id) {
            case 8:
                return f.src;
            case 12:
                return f.dst;
            case 15:
                return 0x0a00fffeU;
            case 10:
                return 1;
            case 14:
                return 2;
            case 2:
                return f.packets;
            case 1:
                return f.bytes;
            case 22:
                return uptime_ms - record_seconds * 1000;
            case 21:
                return uptime_ms - 10;
            case 152:
                return now_s * 1000 - record_seconds * 1000;
            case 153:
                return now_s * 1000 - 10;
            case 7:
                return f.sport;
            case 11:
                return f.dport;
            case 6:
                return 0x1b;
            case 4:
                return f.proto;
            case 16:
            case 17:
                return 64500;
            case 9:
            case 13:
                return 24;
            default:
                return 0;
        }
    }();
    put(out, value, length);
}

template <typename Fields>
void put_records(ByteWriter& out, const Fields& fields, std::uint16_t set,
                 const std::vector<Flow>& flows, std::uint64_t now_s) {
    ByteWriter body;
    for (const Flow& f : flows)
        for (const auto& field : fields) put_field(body, field[0], field[1], f, now_s);
    while (body.octets().size() % 4 != 0) body.u8(0);
    out.be16(set);
    out.be16(static_cast<std::uint16_t>(4 + body.octets().size()));
    out.raw(body.octets());
}

template <typename Fields>
void put_template(ByteWriter& out, const Fields& fields, std::uint16_t set) {
    out.be16(set);
    out.be16(static_cast<std::uint16_t>(8 + 4 * std::size(fields)));
    out.be16(template_id);
    out.be16(static_cast<std::uint16_t>(std::size(fields)));
    for (const auto& field : fields) {
        out.be16(field[0]);
        out.be16(field[1]);
    }
}

std::string v5(const std::vector<Flow>& flows, std::uint32_t now_s) {
    ByteWriter out;
    out.be16(5);
    out.be16(static_cast<std::uint16_t>(flows.size()));
    for (const std::uint32_t v : {uptime_ms, now_s, 0U, 0U, 0U}) out.be32(v);
    for (const Flow& f : flows) {
        for (const std::uint32_t v : {f.src, f.dst, 0U, 0x00010002U, f.packets, f.bytes,
                                      uptime_ms - record_seconds * 1000, uptime_ms - 10})
            out.be32(v);
        out.be16(f.sport);
        out.be16(f.dport);
        out.be16(0x1b);
        out.u8(f.proto);
        out.u8(0);
        out.be32(0);
        out.be32(0);
    }
    return out.drain();
}

std::string v9(const std::vector<Flow>& flows, std::uint32_t now_s) {
    ByteWriter out;
    out.be16(9);
    out.be16(static_cast<std::uint16_t>(flows.empty() ? 1 : flows.size()));
    for (const std::uint32_t v : {uptime_ms, now_s, 0U, 1U}) out.be32(v);
    if (flows.empty())
        put_template(out, v9_fields, 0);
    else
        put_records(out, v9_fields, template_id, flows, now_s);
    return out.drain();
}

std::string ipfix(const std::vector<Flow>& flows, std::uint32_t now_s) {
    ByteWriter body;
    if (flows.empty())
        put_template(body, ipfix_fields, 2);
    else
        put_records(body, ipfix_fields, template_id, flows, now_s);
    ByteWriter out;
    out.be16(10);
    out.be16(static_cast<std::uint16_t>(16 + body.octets().size()));
    for (const std::uint32_t v : {now_s, 0U, 1U}) out.be32(v);
    out.raw(body.octets());
    return out.drain();
}

// Flow samples with the first 128 octets of the frame.
std::string sflow(const std::vector<Flow>& flows) {
    constexpr unsigned captured = 128;
    ByteWriter out;
    for (const std::uint32_t v : {5U, 1U, 0x7f000001U, 0U, 0U, uptime_ms}) out.be32(v);
    out.be32(static_cast<std::uint32_t>(flows.size()));
    for (const Flow& f : flows) {
        const std::uint32_t length = 64 + f.bytes % 1400;
        out.be32(1);
        out.be32(32 + 8 + 16 + captured);
        for (const std::uint32_t v :
             {0U, 3U, 1U, 0U, 0U, 3U, 4U, 1U, 1U, 16U + captured, 1U, length + 18, 4U, captured})
            out.be32(v);
        for (int i = 0; i < 12; ++i) out.u8(2);
        out.be16(0x0800);
        out.be16(0x4500);
        out.be16(static_cast<std::uint16_t>(length));
        out.be32(0);
        out.be16(0x4000 | 64);
        out.u8(0);
        out.u8(f.proto);
        out.be32(f.src);
        out.be32(f.dst);
        out.be16(f.sport);
        out.be16(f.dport);
        put(out, 0, 8);
        for (unsigned i = 14 + 20 + 4 + 8 + 2; i < captured; ++i) out.u8(0);
        out.be16(0);
    }
    return out.drain();
}

}  // namespace

void ExportMessages::set_sequence(std::string& message, std::uint32_t sequence) const {
    const std::uint32_t swapped = __builtin_bswap32(sequence);
    std::memcpy(message.data() + format.sequence_at, &swapped, sizeof swapped);
}

ExportMessages make_messages(const ExportFormat& format, std::uint32_t flows, std::uint64_t seed,
                             std::uint32_t now_s, std::uint32_t hosts) {
    if (hosts == 0) hosts = std::max(1U, std::min(flows / 50, 0xffffffU));
    ExportMessages made{.format = format, .now_s = now_s};
    const auto compose = [&](const std::vector<Flow>& of) -> std::string {
        switch (format.kind) {
            case ExportKind::netflow_v5:
                return v5(of, now_s);
            case ExportKind::netflow_v9:
                return v9(of, now_s);
            case ExportKind::ipfix:
                return ipfix(of, now_s);
            case ExportKind::sflow:
                return sflow(of);
        }
        return {};
    };
    if (format.kind == ExportKind::netflow_v9 || format.kind == ExportKind::ipfix)
        made.first = compose({});
    for (std::uint32_t begin = 0; begin + format.records <= flows; begin += format.records) {
        std::vector<Flow> group;
        for (std::uint32_t i = 0; i < format.records; ++i) {
            // Shuffled, so that neighbours in a message are not neighbours in hash tables.
            const auto spread =
                static_cast<std::uint32_t>((std::uint64_t{begin + i} * 2'654'435'761U) % flows);
            group.push_back(flow_of(spread, hosts, seed));
            made.bytes += format.kind == ExportKind::sflow ? 64 + group.back().bytes % 1400
                                                           : group.back().bytes;
        }
        made.records += group.size();
        made.messages.push_back(compose(group));
    }
    return made;
}

}  // namespace octroi::bench
