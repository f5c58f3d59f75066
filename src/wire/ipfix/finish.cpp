// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/finish.hpp"

#include <array>
#include <utility>

#include "wire/flow/reversed.hpp"
#include "wire/flow/sampling_rate.hpp"
#include "wire/ipfix/rate.hpp"

namespace octroi::ipfix {
namespace {

using flow::bit;
using flow::Field;
using flow::FlowRecord;
using flow::RecordKind;

// No time: a value that no exporter sends.
constexpr UtcTime none = UtcTime::min();
constexpr std::int64_t ns_per_ms = 1'000'000;
// Seconds from 1900, where NTP begins, to 1970 (RFC 5905 section 6).
constexpr std::int64_t ntp_to_unix_s = 2'208'988'800;

// A value out of range becomes the end of time, which is recognised as wrong; a wrapped value would
// look right.
UtcTime scaled(std::uint64_t value, std::int64_t unit_ns) noexcept {
    std::int64_t ns = 0;
    if (value > static_cast<std::uint64_t>(INT64_MAX) ||
        __builtin_mul_overflow(static_cast<std::int64_t>(value), unit_ns, &ns))
        return UtcTime::max();
    return {ns};
}

// Seconds since 1900 with a fraction of 32 bits. If the first bit is clear, the time lies in the
// era that begins in 2036 (RFC 4330 section 3).
UtcTime from_ntp(std::uint64_t value, std::uint32_t fraction_mask) noexcept {
    auto seconds = static_cast<std::int64_t>(value >> 32U);
    if ((value >> 63U) == 0) seconds += std::int64_t{1} << 32U;
    const std::uint64_t fraction = static_cast<std::uint32_t>(value) & fraction_mask;
    const auto ns = static_cast<std::int64_t>(fraction * 1'000'000'000U >> 32U);
    return {(seconds - ntp_to_unix_s) * 1'000'000'000 + ns};
}

UtcTime since_start(const Work& work, const Plan& plan, const Origin& origin,
                    std::uint64_t value) noexcept {
    const auto moment = static_cast<std::uint32_t>(value);
    if (origin.has_uptime) return ipfix::from_uptime(origin.exported, origin.uptime_ms, moment);
    const std::int64_t init =
        plan.init_time ? static_cast<std::int64_t>(work.init_ms) : origin.init_ms;
    // 0: not stated. Larger: UtcTime cannot hold it.
    if (init <= 0 || init > INT64_MAX / ns_per_ms) return none;
    // The element has 32 bits and wraps after 49 days: the time nearest to the export time counts.
    const std::int64_t now_ms = origin.exported.ns / ns_per_ms - init;
    const auto now = static_cast<std::uint32_t>(static_cast<std::uint64_t>(now_ms));
    const auto ago = static_cast<std::int32_t>(now - moment);
    return UtcTime{(init + now_ms - ago) * ns_per_ms};
}

UtcTime moment(TimeForm form, std::uint64_t value, const Plan& plan, const Work& work,
               const Origin& origin) noexcept {
    switch (form) {
        case TimeForm::none:
            return none;
        case TimeForm::uptime_ms:
            return since_start(work, plan, origin, value);
        case TimeForm::seconds:
            return scaled(value, 1'000'000'000);
        case TimeForm::milliseconds:
            return scaled(value, ns_per_ms);
        case TimeForm::ntp_micro:
            return from_ntp(value, 0xfffff800U);
        case TimeForm::ntp_nano:
            return from_ntp(value, 0xffffffffU);
        case TimeForm::delta_us:
            return origin.exported - Duration{static_cast<std::int64_t>(
                                         static_cast<std::uint32_t>(value) * std::uint64_t{1000})};
    }
    return none;
}

Duration span_of(const Plan& plan, const Work& work) noexcept {
    const UtcTime length =
        scaled(work.span, plan.span == SpanForm::milliseconds ? ns_per_ms : std::int64_t{1000});
    return {length.ns};
}

UtcTime later(UtcTime t, Duration d) noexcept {
    std::int64_t ns = 0;
    return __builtin_add_overflow(t.ns, d.ns, &ns) ? UtcTime::max() : UtcTime{ns};
}

void set_times(FlowRecord& record, UtcTime first, UtcTime last) noexcept {
    record.first = first == none ? UtcTime{} : first;
    record.last = last == none ? UtcTime{} : last;
    if (first != none) record.fields |= bit(Field::first);
    if (last != none) record.fields |= bit(Field::last);
}

std::uint64_t rate(const Plan& plan, const Work& work) noexcept {
    const std::uint64_t a = work.sampling_a;
    const std::uint64_t b = work.sampling_b;
    switch (plan.sampling) {
        case SamplingForm::none:
            return 0;
        case SamplingForm::interval:
            return a;
        case SamplingForm::count_space:
            return rate_of_count_space(a, b);
        case SamplingForm::size_population:
            return rate_of_size_population(a, b);
        case SamplingForm::probability:
            return rate_of_probability(a, plan.probability_octets);
    }
    return 0;
}

// If both elements of one end are all zero, it has the IP version of the other end.
void agree_on_family(Address& a, Address& b) noexcept {
    if (a.family == b.family || a.empty() || b.empty()) return;
    constexpr std::array<std::uint8_t, 16> zeros{};
    if (a.octets == zeros) {
        a.family = b.family;
    } else if (b.octets == zeros) {
        b.family = a.family;
    }
}

// The BGP next hop is the border router through which traffic leaves our network, and so identifies
// the network that gets it. The IP next hop may be any router of our own. Routes that are not BGP's
// have zeros.
void prefer_bgp(const Plan& plan, const Work& work, FlowRecord& record) noexcept {
    constexpr std::array<std::uint8_t, 16> zeros{};
    if (work.bgp_next_hop.octets != zeros || (plan.finish & Finish::next_hop) == 0)
        record.next_hop = work.bgp_next_hop;
}

// The common case: both times in milliseconds, since 1970 or since the exporter's start by the
// header of v9. False: not this case.
bool plain_times(const Plan& plan, const Origin& origin, const Work& work,
                 FlowRecord& record) noexcept {
    constexpr std::uint64_t most_ms = static_cast<std::uint64_t>(INT64_MAX / ns_per_ms);
    if (plan.first == TimeForm::milliseconds) {
        if (work.first > most_ms || work.last > most_ms) return false;
        record.first.ns = static_cast<std::int64_t>(work.first) * ns_per_ms;
        record.last.ns = static_cast<std::int64_t>(work.last) * ns_per_ms;
    } else if (plan.first == TimeForm::uptime_ms && origin.has_uptime) {
        const auto at = [&](std::uint64_t value) {
            return ipfix::from_uptime(origin.exported, origin.uptime_ms,
                                      static_cast<std::uint32_t>(value));
        };
        record.first = at(work.first);
        record.last = at(work.last);
    } else {
        return false;
    }
    record.fields |= bit(Field::first) | bit(Field::last);
    return true;
}

}  // namespace

void finish_times(const Plan& plan, const Origin& origin, Work& work, FlowRecord& record) noexcept {
    if (plan.plain_times && plain_times(plan, origin, work, record)) return;
    UtcTime first = moment(plan.first, work.first, plan, work, origin);
    UtcTime last = moment(plan.last, work.last, plan, work, origin);
    if (plan.span != SpanForm::none) {
        const Duration span = span_of(plan, work);
        if (last == none && first != none) last = later(first, span);
        if (first == none && last != none) first = later(last, {-span.ns});
    }
    if (plan.observed != TimeForm::none) {
        const UtcTime at = moment(plan.observed, work.observed, plan, work, origin);
        if (last == none) last = at;
        if (first == none) first = at;
    }
    set_times(record, first, last);
    if ((plan.finish & Finish::reverse) == 0) return;
    UtcTime reverse_first = moment(plan.reverse_first, work.reverse_first, plan, work, origin);
    if (reverse_first == none && plan.reverse_delta && first != none)
        reverse_first = later(first, {scaled(work.reverse_delta_ms, ns_per_ms).ns});
    const UtcTime reverse_last = moment(plan.reverse_last, work.reverse_last, plan, work, origin);
    work.reverse.fields = 0;
    set_times(work.reverse, reverse_first == none ? first : reverse_first,
              reverse_last == none ? last : reverse_last);
}

void finish_fields(const Plan& plan, Work& work, FlowRecord& record) noexcept {
    if ((plan.finish & Finish::icmp) != 0) set_icmp(record, work.icmp);
    if ((plan.finish & Finish::families) != 0) {
        agree_on_family(record.src, record.dst);
        agree_on_family(record.nat_src, record.nat_dst);
    }
    if ((plan.finish & Finish::bgp_next_hop) != 0) prefer_bgp(plan, work, record);
    if ((plan.finish & Finish::sampling) != 0) {
        const std::uint64_t stated = rate(plan, work);
        record.sampling = flow::plausible_rate(stated);
        record.rate_refused = stated != 0 && record.sampling == 0;
        if (record.sampling != 0) record.fields |= bit(Field::sampling);
    }
    const bool event = (plan.finish & Finish::events) != 0 && record.bytes == 0 &&
                       record.packets == 0 && record.out_bytes == 0 && record.out_packets == 0 &&
                       work.reverse.bytes == 0 && work.reverse.packets == 0;
    if (event) record.kind = RecordKind::event;
}

bool make_reverse(const Plan& plan, const Work& work, const FlowRecord& forward,
                  FlowRecord& out) noexcept {
    if (work.reverse.bytes == 0 && work.reverse.packets == 0) return false;
    out = flow::reversed(forward);
    const auto own = [&](Field field, auto member) {
        if ((plan.reverse_fields & bit(field)) == 0) return;
        out.*member = work.reverse.*member;
        out.fields |= bit(field);
    };
    own(Field::bytes, &FlowRecord::bytes);
    own(Field::packets, &FlowRecord::packets);
    own(Field::tos, &FlowRecord::tos);
    own(Field::tcp_flags, &FlowRecord::tcp_flags);
    own(Field::vlan, &FlowRecord::vlan);
    own(Field::in_if, &FlowRecord::in_if);
    own(Field::out_if, &FlowRecord::out_if);
    if ((plan.finish & Finish::times) != 0) {
        out.first = work.reverse.first;
        out.last = work.reverse.last;
        out.fields |= work.reverse.fields;
    }
    out.counting = plan.reverse_counting;
    return true;
}

}  // namespace octroi::ipfix
