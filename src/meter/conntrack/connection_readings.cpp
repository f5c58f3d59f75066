// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_readings.hpp"

#include <algorithm>

#include "meter/cumulative/possible_increase.hpp"

namespace octroi::conntrack {
namespace {

// IANA protocol numbers.
constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_icmpv6 = 58;
// TCP, UDP, DCCP, SCTP, UDP-Lite.
constexpr std::array<std::uint8_t, 5> protocols_with_ports{6, 17, 33, 132, 136};

bool is_icmp(std::uint8_t protocol) {
    return protocol == protocol_icmp || protocol == protocol_icmpv6;
}

// The kernel has other numbers in the place of the ports: the identifier of a query, the keys of
// GRE.
bool has_ports(std::uint8_t protocol) {
    return std::ranges::find(protocols_with_ports, protocol) != protocols_with_ports.end();
}

// Of the directions from own addresses.
Count generated_of(const ConnectionIncrease& increase, bool is_near_own, bool is_far_own) {
    Count generated;
    if (is_near_own) generated = increase.original;
    if (is_far_own) {
        generated.bytes += increase.reply.bytes;
        generated.packets += increase.reply.packets;
    }
    return generated;
}

bool is_loopback_address(const Address& address) {
    if (address.family == Family::v4) return address.octets[0] == 127;
    return address == *parse_address("::1");
}

}  // namespace

bool ConnectionReadings::is_own(const Address& address) const {
    return std::ranges::binary_search(own_addresses_, address);
}

Count ConnectionReadings::generated(const Connection& connection,
                                    const ConnectionIncrease& increase) const {
    return generated_of(increase, is_own(connection.original.src), is_own(connection.reply.src));
}

Count ConnectionReadings::add(const Connection& connection, const ConnectionIncrease& increase) {
    const Tuple& near = connection.original;
    const Tuple& far = connection.reply;
    const bool is_near_own = is_own(near.src);
    const bool is_far_own = is_own(far.src);
    if (is_near_own && is_far_own && !is_loopback_address(near.src)) {
        own_bytes_ += increase.original.bytes + increase.reply.bytes;
    } else {
        add_direction(near, far, increase.original, increase.begins_original, increase);
        add_direction(far, near, increase.reply, increase.begins_reply, increase);
    }
    return generated_of(increase, is_near_own, is_far_own);
}

void ConnectionReadings::add_direction(const Tuple& from, const Tuple& to, const Count& count,
                                       bool begins, const ConnectionIncrease& increase) {
    if (count.packets == 0 && count.bytes == 0) return;
    if (waiting_ == readings_.size()) flush();
    Reading& r = readings_[waiting_++];
    r = Reading{};
    r.first = std::min(increase.first, increase.last);
    r.last = increase.last;
    r.bytes = count.bytes;
    r.packets = count.packets;
    r.src = from.src;
    r.dst = to.src;
    r.proto = from.proto;
    if (is_icmp(from.proto)) {
        r.icmp_type = from.icmp_type;
        r.icmp_code = from.icmp_code;
    } else if (has_ports(from.proto)) {
        r.sport = from.sport;
        r.dport = to.sport;
    }
    r.flows = begins ? 1 : 0;
    const Duration time = r.last - r.first + increase.before_first;
    if (increase.is_contradictory ||
        !cumulative::is_possible({count.bytes, count.packets}, time, link_bits_per_second_)) {
        r.kind = ReadingKind::implausible;
        ++implausible_;
    }
    observed_.add(r);
}

void ConnectionReadings::flush() {
    if (waiting_ == 0) return;
    sink_->accept(std::span<const Reading>(readings_).first(waiting_));
    waiting_ = 0;
}

}  // namespace octroi::conntrack
