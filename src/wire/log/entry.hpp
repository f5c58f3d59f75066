// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The content of one line of a server log that reports traffic. Plain values; no thread owns them.
//
// Texts are octets of the log: clients choose many of them (user agents, host names, file names),
// they may be no valid UTF-8 and may contain control characters. They are views: see LineReader for
// their lifetime.

#include <cstdint>
#include <string_view>

#include "base/address.hpp"

namespace octroi::logline {

// The greatest volume or count that a line can state. A greater number makes the line bad.
inline constexpr std::uint64_t volume_max = INT64_MAX;

// A moment as the line states it. Syslog states neither year nor zone, xferlog no zone.
struct LineTime {
    bool stated = false;
    bool has_year = false;      // else `local_ns` is in the year 2000, which has a 29 February
    bool has_zone = false;      // else the zone is that of the server
    std::uint8_t digits = 0;    // of the fraction of a second: 0 to 9
    std::int32_t offset_s = 0;  // with has_zone: local time less UTC, seconds
    std::int64_t local_ns = 0;  // nanoseconds since 1970-01-01T00:00 of the local calendar
};

// A volume in octets of layer `Entry::layer`, or a count. Not stated: count is 0.
struct Count {
    std::uint64_t value = 0;
    bool stated = false;
};

// One end of the transfer. Not stated: all are empty.
struct End {
    std::string_view text;   // as the line has it: an address, a host name, "unix:"
    Address address;         // if the text is one. IPv4-mapped addresses are IPv4
    std::uint16_t port = 0;  // 0: not stated
};

// Where octets were counted. The ledger never adds up two layers.
enum class LineLayer : std::uint8_t {
    application,  // data of the service: bodies, or messages with their headers
    ip,           // IP packets: lines of firewalls and packet accounting
    unknown,      // the line does not define it (generic formats)
};

struct Entry {
    LineTime time;
    bool time_is_begin = false;  // else the transfer ended then
    bool has_duration = false;
    std::int64_t duration_ns = 0;  // with has_duration; not negative

    End client;  // the end that asked; of packets: the source
    End server;

    // Names. Empty: not stated, or "-".
    std::string_view user;       // to account for: login, mail address, requester
    std::string_view domain;     // virtual host, domain of the mail address, bucket
    std::string_view ident;      // of the client by RFC 1413
    std::string_view login;      // the authenticated name, where `user` is another one (mail)
    std::string_view sender;     // of a mail
    std::string_view recipient;  // of a mail
    std::string_view mac;        // of the client, as the line has it
    std::string_view section;    // of the server: frontend, rsync module, network interface
    std::string_view status;     // "200", "sent", "complete", "incomplete"
    std::string_view service;    // "http", "ftp", "smtp": a constant, or a name in the line

    // The user was not authenticated when the line was written: an anonymous FTP session, a refused
    // password. The client chose the name.
    bool user_unverified = false;
    // The domain is what the client sent (Host header, SNI), and not the configured server name.
    bool domain_unverified = false;
    // The line can be read in two ways that name different users, because a client chose a
    // part. `user` is empty; the volume is the same in both.
    bool user_ambiguous = false;

    LineLayer layer = LineLayer::application;
    std::uint8_t proto = 0;  // IANA protocol number; 0: not stated
    Count in;                // from the client to the server
    Count out;               // from the server to the client
    Count both;  // of both directions, where the line does not separate them; then `in` and `out`
                 // are not stated
    Count packets;               // of all directions
    std::uint64_t requests = 1;  // transfers that the line reports
};

}  // namespace octroi::logline
