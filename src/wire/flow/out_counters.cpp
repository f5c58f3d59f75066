// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/out_counters.hpp"

#include "wire/flow/reversed.hpp"

namespace octroi::flow {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint8_t egress = 1;  // element 61, flowDirection

bool is_multicast(const Address& address) noexcept {
    return address.family == Family::v4 ? address.octets[0] >> 4U == 0xeU
                                        : address.octets[0] == 0xffU;
}

// Whether one mean size is more than a third larger than the other. Encapsulation and translation
// change it by less.
bool sizes_differ(const FlowRecord& r) noexcept {
    const Wide in = Wide{r.bytes} * r.out_packets;
    const Wide out = Wide{r.out_bytes} * r.packets;
    return 3 * in > 4 * out || 3 * out > 4 * in;
}

}  // namespace

bool out_is_reverse(const FlowRecord& record) noexcept {
    if (record.out_bytes == 0 && record.out_packets == 0) return false;
    if (record.counting != Counting::delta || is_multicast(record.dst)) return false;
    const bool left_only = record.bytes == 0 && record.packets == 0;
    if (left_only) return !record.has(Field::direction) || record.direction != egress;
    const bool has_packets = record.packets > 0 && record.out_packets > 0;
    if (!has_packets) return record.out_bytes > record.bytes + record.bytes / 4;
    return record.out_packets > record.packets || sizes_differ(record);
}

FlowRecord out_direction(const FlowRecord& record) noexcept {
    FlowRecord out = reversed(record);
    out.bytes = record.out_bytes;
    out.packets = record.out_packets;
    out.first = record.first;
    out.last = record.last;
    out.fields |= bit(Field::bytes) | bit(Field::packets) |
                  (record.fields & (bit(Field::first) | bit(Field::last)));
    return out;
}

}  // namespace octroi::flow
