// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/record_times.hpp"

#include <algorithm>

namespace octroi::normalize {
namespace {

// The longest interval of a record. attribute/ does not split longer ones over buckets.
constexpr Duration span_max = Duration::hours(24);

// NetFlow states times as uptime of the router in milliseconds, in 32 bits; the decoder uses it as
// it is. The counter has wrapped in between where the time is out of bounds, and within them one
// round earlier or later.
UtcTime unwrapped(UtcTime time, UtcTime earliest, UtcTime latest) noexcept {
    constexpr Duration round = Duration::milliseconds(std::int64_t{1} << 32U);
    if (time > latest && time - round >= earliest) return time - round;
    if (time < earliest && time + round <= latest) return time + round;
    return time;
}

// The range in which sums of times and differences of clocks cannot overflow.
UtcTime clamped(UtcTime time) noexcept {
    constexpr UtcTime least = UtcTime::from_seconds(0);
    constexpr UtcTime most = UtcTime::from_seconds(std::int64_t{1} << 32U);
    return std::clamp(time, least, most);
}

}  // namespace

RecordTimes times_of(const FlowPolicy& policy, const flow::MessageContext& context,
                     const flow::FlowRecord& record, const std::optional<UtcTime>& since) {
    using flow::Field;
    // Messages in a file have no receive time: the exporter's clock is the only one.
    const UtcTime received = context.received.ns != 0 ? context.received : context.exported;
    const bool has_first = record.has(Field::first);
    const bool has_last = record.has(Field::last);
    RecordTimes times{received, received};
    if (!has_first && !has_last) return times;
    times.first = clamped(has_first ? record.first : record.last);
    times.last = clamped(has_last ? record.last : record.first);
    if (since && *since < times.last) times.first = std::max(times.first, *since);
    const bool has_clock = context.exported.ns != 0;  // sFlow states no time
    const Duration behind = received - context.exported;
    // TCP keeps messages while their receiver is away, so a late message over TCP says nothing
    // about the exporter's clock. A message from the future does.
    const bool is_stream = context.transport_session != 0;
    const bool is_late = has_clock && behind > policy.skew;
    const bool is_early = has_clock && Duration{-behind.ns} > policy.skew;
    times.is_late = is_late && is_stream;
    if ((is_late && !is_stream) || is_early) {
        times.first = times.first + behind;
        times.last = times.last + behind;
        times.was_moved = true;
    }
    const UtcTime latest = received + policy.skew;
    const UtcTime earliest = received - policy.age;
    times.first = unwrapped(times.first, earliest - span_max, latest);
    times.last = unwrapped(times.last, earliest, latest);
    times.was_invalid = times.last > latest || times.last < earliest || times.first > times.last ||
                        times.first < times.last - span_max;
    if (times.was_invalid) times.first = times.last = received;
    return times;
}

}  // namespace octroi::normalize
