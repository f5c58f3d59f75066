// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "attribute/as_number.hpp"
#include "base/address.hpp"
#include "record/reading.hpp"

namespace octroi {
namespace {

constexpr std::size_t interface_name_max = 15;  // IFNAMSIZ - 1, if.h

constexpr std::array<std::pair<std::string_view, IdentityKind>, 10> keywords = {{
    {"prefix", IdentityKind::prefix},
    {"address", IdentityKind::prefix},
    {"ip", IdentityKind::prefix},
    {"net", IdentityKind::prefix},
    {"mac", IdentityKind::mac},
    {"vlan", IdentityKind::vlan},
    {"interface", IdentityKind::interface},
    {"if", IdentityKind::interface},
    {"as", IdentityKind::as},
    {"next-hop", IdentityKind::next_hop},
}};

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<Identity> prefix_identity(std::string_view text) {
    TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
    return Identity{IdentityKind::prefix, to_string(prefix)};
}

Result<Identity> mac_identity(std::string_view text) {
    TRY_ASSIGN(const Mac mac, parse_mac(text));
    // IEEE 802: the lowest bit of the first octet marks a group; nobody sends from one.
    if (mac.empty() || (mac.octets[0] & 1U) != 0) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no address of a single station", to_string(mac)));
    }
    return Identity{IdentityKind::mac, to_string(mac)};
}

Result<Identity> vlan_identity(std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id < vlan_first ||
        id > vlan_last) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is not a VLAN id ({} to {})", text, vlan_first, vlan_last));
    }
    return Identity{IdentityKind::vlan, fmt::to_string(id)};
}

// "192.0.2.1#3"
Result<Identity> exporter_interface(const Address& exporter, std::string_view text) {
    std::uint32_t if_index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), if_index);
    if (error != std::errc{} || end != text.data() + text.size() || if_index == 0) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is no ifIndex of an exporter (1 to 4294967295)", text));
    }
    return Identity{IdentityKind::interface, fmt::format("{}#{}", to_string(exporter), if_index)};
}

Result<Identity> interface_identity(std::string_view text) {
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
        const auto exporter = parse_address(text.substr(0, hash));
        if (exporter) return exporter_interface(*exporter, text.substr(hash + 1));
    }
    const auto allowed = [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '/' && c != 0x7F;
    };
    if (text.empty() || text.size() > interface_name_max ||
        !std::all_of(text.begin(), text.end(), allowed)) {
        return fail(
            ErrorCode::invalid,
            fmt::format(
                "'{}' is not the name of an interface: 1 to {} characters, no space, no '/'", text,
                interface_name_max));
    }
    return Identity{IdentityKind::interface, std::string(text)};
}

Result<Identity> as_identity(std::string_view text) {
    TRY_ASSIGN(const std::uint32_t number, parse_as_number(text));
    if (number == 0 || number == as_trans) {
        return fail(ErrorCode::invalid,
                    fmt::format("AS {} is nobody's: exporters send it where they do not know or "
                                "cannot say the AS",
                                number));
    }
    return Identity{IdentityKind::as, fmt::to_string(number)};
}

Result<Identity> next_hop_identity(std::string_view text) {
    TRY_ASSIGN(const Address address, parse_address(text));
    if (address.octets == Address{}.octets) {
        return fail(
            ErrorCode::invalid,
            fmt::format("'{}' is no router's: exporters send it where there is no next hop", text));
    }
    return Identity{IdentityKind::next_hop, to_string(address)};
}

Result<Identity> of_kind(IdentityKind kind, std::string_view text) {
    switch (kind) {
        case IdentityKind::prefix:
            return prefix_identity(text);
        case IdentityKind::mac:
            return mac_identity(text);
        case IdentityKind::vlan:
            return vlan_identity(text);
        case IdentityKind::interface:
            return interface_identity(text);
        case IdentityKind::as:
            return as_identity(text);
        case IdentityKind::next_hop:
            return next_hop_identity(text);
    }
    return fail(ErrorCode::unsupported,
                fmt::format("identity of kind {}: written by a newer Octroi?",
                            static_cast<unsigned>(kind)));
}

}  // namespace

Result<Identity> parse_identity(std::string_view text) {
    const std::string_view whole = trim(text);
    const std::size_t gap = std::min(whole.find_first_of(" \t:"), whole.size());
    for (const auto& [word, kind] : keywords) {
        if (gap < whole.size() && whole.substr(0, gap) == word)
            return of_kind(kind, trim(whole.substr(gap + 1)));
    }
    if (parse_address(whole.substr(0, whole.find('/')))) return prefix_identity(whole);
    if (parse_mac(whole)) return mac_identity(whole);
    return fail(
        ErrorCode::invalid,
        fmt::format("'{}' is no identity; write an address (10.1.2.3), a prefix (10.0.0.0/8), "
                    "'mac 00:30:ca:b8:d9:bc', 'vlan 12', 'interface eth0', 'as 64500' or "
                    "'next-hop 192.0.2.9'",
                    text));
}

bool is_canonical(const Identity& identity) {
    const auto parsed = of_kind(identity.kind, identity.value);
    return parsed.has_value() && *parsed == identity;
}

}  // namespace octroi
