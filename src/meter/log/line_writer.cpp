// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/line_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/log/trafficwatch.hpp"

namespace octroi::logs {
namespace {

using logline::Entry;
using logline::LineKind;

// One field of a line: what a client wrote must not become two fields, or another line.
bool is_one_field(std::string_view text) {
    return std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

// Whole seconds, towards the past.
std::int64_t seconds_of(UtcTime time) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    const std::int64_t seconds = time.ns / second_ns;
    return time.ns % second_ns < 0 ? seconds - 1 : seconds;
}

std::optional<std::string> trafficwatch_line(LineKind kind, const Entry& entry, UtcTime time,
                                             const Zone& /*zone: seconds since 1970*/) {
    // Octets of both directions cannot be divided.
    if (seconds_of(time) < 0 || entry.both.stated) return std::nullopt;
    const logline::TrafficWatchIdentity identity{
        .seconds = seconds_of(time),
        .user = entry.user,
        .mac = entry.mac,
        .local = entry.client.text,
    };
    const bool has_address = entry.client.text.empty() || !entry.client.address.empty();
    if (!has_address || !is_one_field(identity.user) || !is_one_field(identity.mac))
        return std::nullopt;
    if (kind == LineKind::identity) return write_trafficwatch(identity);
    const bool has_remote = !entry.server.address.empty();
    return write_trafficwatch(
        logline::TrafficWatchTraffic{{identity},
                                     has_remote ? entry.server.text : std::string_view(),
                                     entry.out.value,
                                     entry.in.value});
}

// "2017-01-03 06:25:03: 12345"
std::optional<std::string> dated_bytes_line(LineKind kind, const Entry& entry, UtcTime time,
                                            const Zone& zone) {
    if (kind != LineKind::traffic) return std::nullopt;
    std::uint64_t octets = entry.both.value;
    for (const std::uint64_t more : {entry.in.value, entry.out.value})
        if (__builtin_add_overflow(octets, more, &octets)) return std::nullopt;
    if (octets > logline::volume_max) return std::nullopt;
    const LocalTime local = zone.at(time);
    constexpr std::int64_t minute = 60;
    constexpr std::int64_t hour = 3600;
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}: {}", local.year, local.month,
                       local.day, local.second_of_day / hour, local.second_of_day % hour / minute,
                       local.second_of_day % minute, octets);
}

}  // namespace

WriteLine find_line_format(std::string_view name) {
    if (name == "trafficwatch") return trafficwatch_line;
    if (name == "dated-bytes") return dated_bytes_line;
    return nullptr;
}

}  // namespace octroi::logs
