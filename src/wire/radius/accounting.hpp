// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What an Accounting-Request states about a session. Attributes: RFC 2865 section 5, RFC 2866
// section 5, RFC 2869 sections 5.1 to 5.3, RFC 3162 section 2, RFC 4818 section 3 and RFC 6911
// section 3. Numbers are in network byte order.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "wire/radius/packet.hpp"

namespace octroi::radius {

// Acct-Status-Type (RFC 2866 section 5.1).
enum class StatusType : std::uint32_t {
    other = 0,  // of tunnels (RFC 2867), failures: not used here
    start = 1,
    stop = 2,
    interim = 3,
    accounting_on = 7,
    accounting_off = 8,
};

// More addresses and prefixes of one request are not read; `refused` counts them.
inline constexpr std::size_t prefixes_max = 16;
// A shorter prefix of one session is not believed: it would claim a large part of the internet.
inline constexpr std::uint8_t v6_prefix_length_min = 32;

// Counts since the begin of the session, at layer 3 or above it, as the NAS counts. Input is from
// the user, output to the user.
struct SessionVolume {
    std::uint64_t input_octets = 0;
    std::uint64_t output_octets = 0;
    std::uint64_t input_packets = 0;
    std::uint64_t output_packets = 0;
    // The request has Acct-*-Gigawords. Without them the octets are modulo 2^32. Packets always
    // are.
    bool has_gigawords = false;

    auto operator<=>(const SessionVolume&) const = default;
};

// Texts refer to the packet, and may have any octets.
struct Accounting {
    StatusType status = StatusType::start;
    std::string_view session;  // Acct-Session-Id
    std::string_view user;     // User-Name; empty: not stated
    Mac station;               // of Calling-Station-Id; empty: not stated, or no MAC address
    // The NAS: NAS-Identifier, and NAS-IP-Address or NAS-IPv6-Address. RFC 2866 section 5.13 asks
    // for one of them.
    std::string_view nas_name;
    Address nas_address;
    // Framed-IP-Address, Framed-IPv6-Address, Framed-IPv6-Prefix, Delegated-IPv6-Prefix; each once.
    std::vector<Prefix> prefixes;
    std::optional<SessionVolume> volume;  // absent: the request has no octets
    std::optional<UtcTime> event_time;    // Event-Timestamp, by the clock of the NAS
    Duration delay;                       // Acct-Delay-Time
    std::uint32_t session_seconds = 0;    // Acct-Session-Time
    // Attributes that are used here, with a length or value that they cannot have.
    std::uint32_t refused = 0;
};

// nullopt: no Acct-Status-Type, or a start, stop or interim without Acct-Session-Id.
[[nodiscard]] std::optional<Accounting> decode_accounting(const Packet& request);

// The MAC address in a Calling-Station-Id: six octets in hexadecimal, with ':', '-', '.' or nothing
// between them, in groups of any even size; behind them the name of a wireless network may stand,
// after ':' (RFC 3580 section 3.20) or a space. Empty: another text, such as a telephone number
// (decimal digits only), or the address of a group.
[[nodiscard]] Mac station_mac(std::string_view text);

}  // namespace octroi::radius
