// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/trafficwatch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"

namespace octroi::logline {
namespace {

std::string_view dash_if_empty(std::string_view text) {
    return text.empty() ? std::string_view("-") : text;
}

// The first four fields; removes them and the blank behind them.
BadReason read_identity(std::string_view& rest, TrafficWatchIdentity& identity) {
    LineTime time;
    std::string_view seconds = next_field(rest, ' ');
    if (!std::ranges::all_of(seconds, is_digit) || !read_epoch(seconds, time) || !seconds.empty())
        return BadReason::time;
    identity.seconds = time.local_ns / 1'000'000'000;
    const std::string_view user = next_field(rest, ' ');
    const std::string_view mac = next_field(rest, ' ');
    const std::string_view local = next_field(rest, ' ');
    if (user.empty() || mac.empty() || local.empty()) return BadReason::shape;
    if (mac != "-" && !parse_mac(mac)) return BadReason::address;
    if (local != "-" && make_end(local).address.empty()) return BadReason::address;
    identity.user = stated(user);
    identity.mac = stated(mac);
    identity.local = stated(local);
    return BadReason::none;
}

}  // namespace

BadReason read_trafficwatch(std::string_view line, TrafficWatchTraffic& traffic) {
    traffic = {};
    std::string_view rest = line;
    if (const BadReason reason = read_identity(rest, traffic); reason != BadReason::none)
        return reason;
    const std::string_view remote = next_field(rest, ' ');
    if (remote.empty()) return BadReason::shape;
    if (remote != "-" && make_end(remote).address.empty()) return BadReason::address;
    traffic.remote = stated(remote);
    Count received;
    Count sent;
    const std::string_view first = next_field(rest, ' ');
    for (const BadReason reason : {parse_count(first, received), parse_count(rest, sent)})
        if (reason != BadReason::none) return reason;
    traffic.received = received.value;
    traffic.sent = sent.value;
    return BadReason::none;
}

BadReason read_trafficwatch(std::string_view line, TrafficWatchIdentity& identity) {
    identity = {};
    std::string_view rest = line;
    const BadReason reason = read_identity(rest, identity);
    if (reason != BadReason::none) return reason;
    return rest.empty() && !line.ends_with(' ') ? BadReason::none : BadReason::shape;
}

std::string write_trafficwatch(const TrafficWatchTraffic& traffic) {
    const TrafficWatchIdentity& identity = traffic;
    return fmt::format("{} {} {} {}", write_trafficwatch(identity), dash_if_empty(traffic.remote),
                       traffic.received, traffic.sent);
}

std::string write_trafficwatch(const TrafficWatchIdentity& identity) {
    return fmt::format("{} {} {} {}", identity.seconds, dash_if_empty(identity.user),
                       dash_if_empty(identity.mac), dash_if_empty(identity.local));
}

}  // namespace octroi::logline
