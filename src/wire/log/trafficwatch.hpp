// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The two line formats of TrafficWatch (Bell, Hawkins, Wraith: SAGE-AU 2002), read and written. A
// line that was read and is written again has the same octets.
//
//   1026864622 - 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 0    traffic
//   1026864600 - 0:30:ca:b8:d9:bc 192.0.2.7                      identity
//
// Fields have one blank between them. A line of the identity format holds from its time until a
// line contradicts it.

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// Texts are views into the line. Empty: the line has "-".
struct TrafficWatchIdentity {
    std::int64_t seconds = 0;  // since 1970, UTC
    std::string_view user;
    std::string_view mac;    // octets may have one digit: "0:30:ca:b8:d9:bc"
    std::string_view local;  // address

    bool operator==(const TrafficWatchIdentity&) const = default;
};

struct TrafficWatchTraffic : TrafficWatchIdentity {
    std::string_view remote;
    std::uint64_t received = 0;  // octets, by the local end
    std::uint64_t sent = 0;

    bool operator==(const TrafficWatchTraffic&) const = default;
};

// line: without its end. Return none, or why the line is none of the format.
[[nodiscard]] BadReason read_trafficwatch(std::string_view line, TrafficWatchTraffic& traffic);
[[nodiscard]] BadReason read_trafficwatch(std::string_view line, TrafficWatchIdentity& identity);

// A line without its end. Texts must have no blanks and no line ends: the caller guarantees it.
[[nodiscard]] std::string write_trafficwatch(const TrafficWatchTraffic& traffic);
[[nodiscard]] std::string write_trafficwatch(const TrafficWatchIdentity& identity);

}  // namespace octroi::logline
