// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes a line of a listing of connections: of `conntrack -L` and `conntrack -E` of
// conntrack-tools, also with -o timestamp, extended, id, ktimestamp; of /proc/net/nf_conntrack and
// /proc/net/ip_conntrack (nf_conntrack_standalone.c of Linux). Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

enum class ListedEvent : std::uint8_t { none, begun, updated, ended };

// Texts are views into the line.
struct ListedConnection {
    // Without a zone, id or mark in the line they are 0. Entry::start and stop stay unknown: a
    // listing states them in the zone of the machine that wrote it.
    Entry entry;
    ListedEvent event = ListedEvent::none;
    std::optional<UtcTime> time;               // of an event
    std::optional<std::uint32_t> age_seconds;  // since the connection began
    std::optional<std::uint32_t> id;
    std::string_view state;  // "ESTABLISHED"; empty: the protocol has none
    bool assured = false;
    bool unreplied = false;
    bool offloaded = false;  // a flowtable forwards its packets, in software or hardware
};

enum class ListingLine : std::uint8_t {
    connection,
    other,  // an empty line, or the summary that conntrack writes
    malformed,
};

// A longer line is damaged. Labels and a security context make lines of some 1000 octets.
inline constexpr std::size_t listing_line_octets_max = std::size_t{16} * 1024;

// line: without its end.
[[nodiscard]] ListingLine decode_line(std::string_view line, ListedConnection& connection);

}  // namespace octroi::conntrack
