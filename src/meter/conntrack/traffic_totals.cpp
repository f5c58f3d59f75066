// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/traffic_totals.hpp"

#include <algorithm>

namespace octroi::conntrack {
namespace {

constexpr std::uint64_t packet_octets_max = 65'535;
// The shortest of the packets in IpTotals::uncounted_packets: a report of MLDv1.
constexpr std::uint64_t uncounted_octets_min = 48;

constexpr std::uint64_t less(std::uint64_t from, std::uint64_t count) {
    return from - std::min(from, count);
}

constexpr std::uint64_t times(std::uint64_t packets, std::uint64_t octets) {
    return packets > UINT64_MAX / octets ? UINT64_MAX : packets * octets;
}

constexpr Count plus(const Count& a, const Count& b) {
    return {a.bytes + b.bytes, a.packets + b.packets};
}

constexpr Count minus(const Count& from, const Count& count) {
    return {less(from.bytes, count.bytes), less(from.packets, count.packets)};
}

constexpr bool has_decreased(const Count& before, const Count& now) {
    return now.bytes < before.bytes || now.packets < before.packets;
}

bool has_decreased(const IpTotals& before, const IpTotals& now) {
    return has_decreased(before.received, now.received) || now.sent_bytes < before.sent_bytes ||
           now.generated_packets < before.generated_packets ||
           now.uncounted_packets < before.uncounted_packets;
}

// Generated packets, posted ones included.
Count generated_max(const IpTotals& before, const IpTotals& now, const Count& posted) {
    const std::uint64_t packets =
        std::max(now.generated_packets - before.generated_packets, posted.packets);
    const std::uint64_t others = std::min(less(now.sent_bytes - before.sent_bytes, posted.bytes),
                                          times(packets - posted.packets, packet_octets_max));
    return {posted.bytes + others, packets};
}

void write_count(ByteWriter& out, const Count& count) {
    out.be64(count.bytes);
    out.be64(count.packets);
}

bool read_count(ByteCursor& in, Count& count) {
    return in.be64(count.bytes) && in.be64(count.packets);
}

}  // namespace

TrafficTotals::TrafficTotals(const std::vector<Interface>& interfaces,
                             const std::optional<IpTotals>& ip, bool has_fast_path)
    : ip_(ip), has_fast_path_(has_fast_path) {
    for (const Interface& i : interfaces) {
        const Count received{i.counters.rx_bytes, i.counters.rx_packets};
        // Its counters have no link header (drivers/net/loopback.c).
        if (i.loopback)
            loopback_ = plus(loopback_, received);
        else
            interfaces_.push_back({i.name,
                                   static_cast<std::uint32_t>(i.index),
                                   received,
                                   {i.counters.tx_bytes, i.counters.tx_packets}});
    }
}

std::optional<Count> TrafficTotals::interface_increase(const TrafficTotals& later,
                                                       Count One::* direction) const {
    Count increase;
    for (const One& now : later.interfaces_) increase = plus(increase, now.*direction);
    for (const One& before : interfaces_) {
        const auto now = std::ranges::find(later.interfaces_, before.index, &One::index);
        if (now == later.interfaces_.end() || now->name != before.name ||
            has_decreased(before.*direction, (*now).*direction))
            return std::nullopt;
        increase = minus(increase, before.*direction);
    }
    return increase;
}

std::optional<Count> TrafficTotals::unposted(const TrafficTotals& later,
                                             const PostedVolume& posted) const {
    if (has_decreased(loopback_, later.loopback_)) return std::nullopt;
    const Count loopback = minus(later.loopback_, loopback_);
    if (!ip_ || !later.ip_) {
        const auto received = interface_increase(later, &One::received);
        const auto sent = interface_increase(later, &One::sent);
        if (!received || !sent) return std::nullopt;
        return minus(plus(plus(*received, *sent), loopback), posted.all);
    }
    if (has_decreased(*ip_, *later.ip_)) return std::nullopt;
    Count carried = minus(minus(later.ip_->received, ip_->received), loopback);
    if (has_fast_path_ || later.has_fast_path_) {
        const auto received = interface_increase(later, &One::received);
        if (!received) return std::nullopt;
        carried = *received;
    }
    carried = plus(carried, generated_max(*ip_, *later.ip_, posted.generated));
    const std::uint64_t uncounted = later.ip_->uncounted_packets - ip_->uncounted_packets;
    const Count missing =
        minus(minus(carried, posted.all), {times(uncounted, uncounted_octets_min), uncounted});
    // The lengths of generated packets are not known, and those of uncounted ones not exactly.
    return missing.packets == 0 ? Count{} : missing;
}

void TrafficTotals::save(ByteWriter& out) const {
    out.be32(static_cast<std::uint32_t>(interfaces_.size()));
    for (const One& i : interfaces_) {
        out.text(i.name);
        out.be32(i.index);
        write_count(out, i.received);
        write_count(out, i.sent);
    }
    write_count(out, loopback_);
    out.u8(static_cast<std::uint8_t>((ip_ ? 1U : 0U) | (has_fast_path_ ? 2U : 0U)));
    const IpTotals ip = ip_.value_or(IpTotals{});
    write_count(out, ip.received);
    out.be64(ip.sent_bytes);
    out.be64(ip.generated_packets);
    out.be64(ip.uncounted_packets);
}

bool TrafficTotals::restore(ByteCursor& in) {
    std::uint32_t count = 0;
    if (!in.be32(count)) return false;
    *this = {};
    for (std::uint32_t i = 0; i < count; ++i) {
        One one;
        if (!in.text(one.name) || !in.be32(one.index) || !read_count(in, one.received) ||
            !read_count(in, one.sent))
            return false;
        interfaces_.push_back(std::move(one));
    }
    std::uint8_t flags = 0;
    IpTotals ip;
    if (!read_count(in, loopback_) || !in.u8(flags) || flags > 3 || !read_count(in, ip.received) ||
        !in.be64(ip.sent_bytes) || !in.be64(ip.generated_packets) || !in.be64(ip.uncounted_packets))
        return false;
    if ((flags & 1U) != 0) ip_ = ip;
    has_fast_path_ = (flags & 2U) != 0;
    return true;
}

}  // namespace octroi::conntrack
