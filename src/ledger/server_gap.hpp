// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Compares what a server logged with what the network carried for it. A log has the octets of the
// application (layer 7), a packet meter those of IP packets (layer 3), so the log has less: headers
// of IP and TCP, TLS, retransmissions, and requests that the server did not log are the gap.
// Pure functions: carried_question() and logged_question() → Query::sums() → server_gap_rows().

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ledger/query.hpp"

namespace octroi {

// Of the configuration: the log meter `log` states the same traffic that packet meters see at these
// identities of the server (canonical text: "192.0.2.10"), in these services.
struct LoggedServer {
    std::string log;
    std::vector<std::string> identities;
    std::vector<std::string> services;  // empty: all
};

// One log and one packet meter, in one step of the time.
struct ServerGapRow {
    UtcTime begin;  // of the step
    std::string log;
    std::string meter;
    MeterRole role = MeterRole::bill;  // of the packet meter
    // Layer 3. Of excluded traffic only duplicates are in it: the log is charged in their place.
    Volume carried;
    std::uint64_t logged = 0;  // octets of the log, of its layer
    // carried - logged, in octets. Below 0: the log states more than the network carried.
    std::int64_t gap = 0;
    // The part of the gap that the headers of IP and TCP explain for certain: the smallest possible
    // ones in each packet.
    std::uint64_t headers = 0;
    std::int64_t rest = 0;  // gap - headers

    bool operator==(const ServerGapRow&) const = default;
};

// The headers of IPv4 (RFC 791) or IPv6 (RFC 8200) and of TCP (RFC 9293) without options.
inline constexpr std::uint64_t tcp4_header_octets = 40;
inline constexpr std::uint64_t tcp6_header_octets = 60;

// What packet meters saw at one identity. steps: as SumQuestion::steps.
[[nodiscard]] SumQuestion carried_question(const std::string& identity, const Interval& period,
                                           std::vector<UtcTime> steps);
[[nodiscard]] SumQuestion logged_question(const std::string& log, const Interval& period,
                                          std::vector<UtcTime> steps);

// What packet meters saw at one identity of a server: the answer to carried_question().
struct CarriedSums {
    std::string identity;
    std::vector<TransferSum> sums;
};

// By begin and packet meter. A packet meter that saw nothing in a step has no row there, unless the
// log has traffic in the step and the meter has some in another step.
[[nodiscard]] std::vector<ServerGapRow> server_gap_rows(const LoggedServer& server,
                                                        std::span<const CarriedSums> carried,
                                                        const std::vector<TransferSum>& logged);

}  // namespace octroi
