// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/reversed.hpp"

#include <array>
#include <utility>

namespace octroi::flow {
namespace {

struct Exchange {
    Field a;
    Field b;
};
constexpr std::array exchanges{
    Exchange{Field::src, Field::dst},
    Exchange{Field::sport, Field::dport},
    Exchange{Field::src_as, Field::dst_as},
    Exchange{Field::src_mask, Field::dst_mask},
    Exchange{Field::src_mac, Field::dst_mac},
    Exchange{Field::nat_src, Field::nat_dst},
    Exchange{Field::nat_sport, Field::nat_dport},
    Exchange{Field::in_if, Field::out_if},
};
// Fields that describe one direction only.
constexpr std::uint64_t one_way =
    bit(Field::bytes) | bit(Field::packets) | bit(Field::flows) | bit(Field::frame_bytes) |
    bit(Field::tos) | bit(Field::tcp_flags) | bit(Field::icmp) | bit(Field::direction) |
    bit(Field::forwarding_status) | bit(Field::next_hop) | bit(Field::first) | bit(Field::last) |
    bit(Field::out_bytes) | bit(Field::out_packets);

std::uint64_t exchanged(std::uint64_t fields) noexcept {
    std::uint64_t out = fields & ~one_way;
    for (const auto& [a, b] : exchanges) {
        out &= ~(bit(a) | bit(b));
        if ((fields & bit(a)) != 0) out |= bit(b);
        if ((fields & bit(b)) != 0) out |= bit(a);
    }
    return out;
}

}  // namespace

FlowRecord reversed(const FlowRecord& record) noexcept {
    FlowRecord out = record;
    std::swap(out.src, out.dst);
    std::swap(out.sport, out.dport);
    std::swap(out.src_as, out.dst_as);
    std::swap(out.src_mask, out.dst_mask);
    std::swap(out.src_mac, out.dst_mac);
    std::swap(out.nat_src, out.nat_dst);
    std::swap(out.nat_sport, out.nat_dport);
    std::swap(out.in_if, out.out_if);
    out.fields = exchanged(record.fields);
    out.bytes = out.packets = out.out_bytes = out.out_packets = out.flows = out.frame_bytes = 0;
    out.tos = out.tcp_flags = out.icmp_type = out.icmp_code = 0;
    out.direction = out.forwarding_status = 0;
    out.next_hop = {};
    out.first = out.last = {};
    out.kind = RecordKind::traffic;
    out.reverse = true;
    return out;
}

}  // namespace octroi::flow
