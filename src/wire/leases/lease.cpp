// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/lease.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/byte_cursor.hpp"

namespace octroi::leases {
namespace {

bool is_blank_or_comment(std::string_view line) {
    const auto first = line.find_first_not_of(" \t\r");
    return first == std::string_view::npos || line[first] == '#';
}

// dhcpd.leases(5): declarations and statements of the top level.
bool begins_dhcpd(std::string_view line) {
    constexpr std::array words{
        "lease ",    "ia-na ", "ia-ta ", "ia-pd ", "server-duid ", "authoring-byte-order ",
        "failover ", "host ",  "group ", "class ", "subclass "};
    return std::ranges::any_of(words,
                               [&](std::string_view word) { return line.starts_with(word); });
}

// "1700000000 00:30:…" or "duid 00:01:…"; dnsmasq(8), --dhcp-leasefile.
bool begins_dnsmasq(std::string_view line) {
    if (line.starts_with("duid ")) return true;
    const auto digits = line.find_first_not_of("0123456789");
    return digits != 0 && digits != std::string_view::npos && digits <= 20 && line[digits] == ' ';
}

}  // namespace

std::string_view to_string(LeaseFormat format) {
    switch (format) {
        case LeaseFormat::dhcpd:
            return "dhcpd";
        case LeaseFormat::kea:
            return "kea";
        case LeaseFormat::dnsmasq:
            return "dnsmasq";
        case LeaseFormat::unknown:
            break;
    }
    return "unknown";
}

LeaseFormat recognise_format(std::string_view begin) {
    while (!begin.empty()) {
        const std::string_view line = begin.substr(0, begin.find('\n'));
        begin.remove_prefix(std::min(line.size() + 1, begin.size()));
        if (is_blank_or_comment(line)) continue;
        if (line.starts_with("address,")) return LeaseFormat::kea;
        if (begins_dhcpd(line)) return LeaseFormat::dhcpd;
        return begins_dnsmasq(line) ? LeaseFormat::dnsmasq : LeaseFormat::unknown;
    }
    return LeaseFormat::unknown;
}

Mac mac_of_duid(std::string_view octets) {
    constexpr std::uint16_t link_layer_and_time = 1;
    constexpr std::uint16_t link_layer = 3;
    constexpr std::uint16_t ethernet = 1;  // IANA, hardware types of ARP
    ByteCursor in(as_octets(octets));
    std::uint16_t type = 0;
    std::uint16_t hardware = 0;
    if (!in.be16(type) || !in.be16(hardware) || hardware != ethernet) return {};
    if (type == link_layer_and_time && !in.skip(4)) return {};
    if (type != link_layer_and_time && type != link_layer) return {};
    Mac mac;
    if (in.left() != mac.octets.size()) return {};
    for (std::uint8_t& octet : mac.octets)
        if (!in.u8(octet)) return {};
    return mac;
}

Mac mac_of_duid_text(std::string_view text) {
    constexpr std::size_t duid_octets_max = 130;  // RFC 8415 section 11.1
    std::string octets;
    while (!text.empty() && octets.size() < duid_octets_max) {
        std::uint8_t octet = 0;
        const char* const end = text.data() + std::min<std::size_t>(2, text.size());
        if (std::from_chars(text.data(), end, octet, 16).ptr != end) return {};
        octets += static_cast<char>(octet);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.starts_with(':')) text.remove_prefix(1);
    }
    return mac_of_duid(octets);
}

}  // namespace octroi::leases
