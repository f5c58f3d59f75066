// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A record of a DHCP server's lease file, in one form for all servers. Decoders are pure: text in,
// records out. Names of hosts and identifiers that clients chose are not read.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::leases {

enum class LeaseState : std::uint8_t {
    active,   // the client holds it during [begin, end)
    ended,    // the client held it during [begin, end), and nobody holds it from `end` on
    removed,  // nobody holds it; the file does not state since when
};

struct Lease {
    Prefix prefix;  // an address, or a delegated prefix
    Mac mac;        // of the client; empty: the file states none
    LeaseState state = LeaseState::active;
    std::optional<UtcTime> begin;  // absent: the file does not state it
    std::optional<UtcTime> end;    // absent: the lease does not end, or the state is `removed`

    auto operator<=>(const Lease&) const = default;
};

struct DecodeCounts {
    std::uint64_t records = 0;
    std::uint64_t bad = 0;  // records that cannot be read; they are left out
};

enum class LeaseFormat : std::uint8_t { unknown, dhcpd, kea, dnsmasq };
// "dhcpd", "kea", "dnsmasq"; "unknown".
[[nodiscard]] std::string_view to_string(LeaseFormat format);
// By the first octets of a file; 4 KiB are enough. unknown also of an empty file.
[[nodiscard]] LeaseFormat recognise_format(std::string_view begin);

// A DUID of types 1 and 3 (RFC 8415 section 11) contains the MAC address of an interface of the
// client, if the hardware type is Ethernet. Empty: it contains none.
[[nodiscard]] Mac mac_of_duid(std::string_view octets);
// The same of "00:01:00:01:…", two hexadecimal digits for each octet.
[[nodiscard]] Mac mac_of_duid_text(std::string_view text);

// No record of a file is longer; where a longer one stands, its first octets are one bad record.
inline constexpr std::size_t record_octets_max = std::size_t{64} * 1024;

// Decodes the records of one file, in order. One thread. Memory: a few hundred octets.
class LeaseReader {
public:
    virtual ~LeaseReader() = default;
    // Appends the leases of the whole records at the begin of `text`, and returns their octets: the
    // caller passes the rest again, with the octets behind it. More than record_octets_max octets
    // without the end of a record are used as a bad one.
    [[nodiscard]] virtual std::size_t decode(std::string_view text, std::vector<Lease>& leases) = 0;
    [[nodiscard]] virtual DecodeCounts counts() const = 0;
};

}  // namespace octroi::leases
