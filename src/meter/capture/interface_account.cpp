// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/interface_account.hpp"

#include "meter/capture/frame_aggregator.hpp"

namespace octroi::capture {
namespace {

// Half-open, not empty, and in order also where the clock was set back in between.
[[nodiscard]] Interval between(UtcTime begin, UtcTime end) {
    return {std::min(begin, end), std::max({begin, end, begin + Duration{1}})};
}

[[nodiscard]] std::uint64_t largest(std::uint64_t packets) {
    std::uint64_t bytes = 0;
    return __builtin_mul_overflow(packets, packet_bytes_max, &bytes) ? UINT64_MAX : bytes;
}

}  // namespace

void InterfaceAccount::start(InterfacePosition position) {
    opened_ = std::move(position);
    settled_ = opened_;
    seen_bytes_ = certain_bytes_ = bounded_bytes_ = 0;
    reported_ = {};
}

std::uint64_t InterfaceAccount::bound_of(std::uint64_t packets,
                                         const InterfacePosition* after) const {
    const std::uint64_t bound = largest(packets);
    if (after == nullptr || !opened_.comparable_with(*after)) return bound;
    // All octets since the opening of the capture, less those seen or bounded since then: so no
    // octet is bounded twice.
    const std::uint64_t passed = after->bytes - opened_.bytes;
    const std::uint64_t known = certain_bytes_ + bounded_bytes_;
    return std::min(bound, passed > known ? passed - known : 0);
}

// Merged frames lack the headers of all segments but one: at most 52 octets for each 536 of payload
// in IPv4 (RFC 9293, default MSS), 72 for each 1208 in IPv6 (RFC 8200, smallest MTU).
std::uint64_t InterfaceAccount::with_headers(std::uint64_t bytes) const {
    std::uint64_t sum = 0;
    if (!merges_) return bytes;
    return __builtin_add_overflow(bytes, bytes / 8, &sum) ? UINT64_MAX : sum;
}

void InterfaceAccount::add_drops(const std::string& interface, const CaptureStatistics& stated,
                                 const InterfacePosition* after, UtcTime now,
                                 std::vector<Loss>& losses) {
    const std::uint64_t in_ring = stated.kernel_drops - reported_.kernel_drops;
    const std::uint64_t before_ring = stated.interface_drops - reported_.interface_drops;
    reported_ = stated;
    drops_.kernel += in_ring;
    drops_.interface += before_ring;
    const Interval since = between(settled_.time, now);
    if (in_ring > 0) {
        const std::uint64_t bound = bound_of(in_ring, after);
        bounded_bytes_ += bound;
        losses.push_back({interface, LossReason::kernel_drop, since, in_ring, with_headers(bound)});
    }
    // The interface's octet counters do not contain these packets, so they bound nothing.
    if (before_ring > 0)
        losses.push_back(
            {interface, LossReason::interface_drop, since, before_ring, largest(before_ring)});
}

void add_not_running(const std::string& interface, const InterfacePosition& from,
                     const InterfacePosition& until, std::vector<Loss>& losses) {
    Loss loss{interface, LossReason::not_running, between(from.time, until.time), std::nullopt,
              std::nullopt};
    // After a reboot, with another interface of the same name, or with counters that were set back,
    // nothing is known about the time before.
    if (from.comparable_with(until)) {
        loss.packets = until.packets - from.packets;
        loss.bytes_bound = until.bytes - from.bytes;
        if (*loss.packets == 0 && *loss.bytes_bound == 0) return;
    }
    losses.push_back(std::move(loss));
}

}  // namespace octroi::capture
