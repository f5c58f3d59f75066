// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rule_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace octroi::accounting {
namespace {

// The assigned numbers of IANA that rules are usually about.
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 15> protocols_by_name = {{
    {"icmp", 1},
    {"igmp", 2},
    {"ipip", 4},
    {"tcp", 6},
    {"udp", 17},
    {"dccp", 33},
    {"ipv6", 41},
    {"gre", 47},
    {"esp", 50},
    {"ah", 51},
    {"icmpv6", 58},
    {"ipv6-icmp", 58},
    {"ospf", 89},
    {"sctp", 132},
    {"udplite", 136},
}};
constexpr std::array<Number, 5> protocols_with_ports{6, 17, 33, 132, 136};

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 8> icmp_by_name = {{
    {"echo-reply", 0},
    {"destination-unreachable", 3},
    {"redirect", 5},
    {"echo-request", 8},
    {"time-exceeded", 11},
    {"parameter-problem", 12},
    {"timestamp-request", 13},
    {"timestamp-reply", 14},
}};
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 10> icmpv6_by_name = {{
    {"destination-unreachable", 1},
    {"packet-too-big", 2},
    {"time-exceeded", 3},
    {"parameter-problem", 4},
    {"echo-request", 128},
    {"echo-reply", 129},
    {"router-solicitation", 133},
    {"router-advertisement", 134},
    {"neighbour-solicitation", 135},
    {"neighbour-advertisement", 136},
}};

std::unexpected<Error> wrong_value(std::string text) {
    return fail(ErrorCode::invalid, std::move(text));
}

std::optional<std::uint32_t> to_number(std::string_view text, std::uint32_t max) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > max)
        return std::nullopt;
    return number;
}

template <typename Table>
std::optional<std::uint32_t> named_number(const Table& table, std::string_view text) {
    for (const auto& [name, number] : table)
        if (name == text) return number;
    return to_number(text, UINT8_MAX);
}

// The number of host bits of a prefix, all set.
Number host_mask(const Prefix& prefix) {
    const int bits = prefix.address.bits() - prefix.length;
    if (bits == 128) return ~Number{0};
    return (Number{1} << static_cast<unsigned>(bits)) - 1;
}

Status add_address(std::string_view text, AddressSpans& spans) {
    if (text == "0/0") text = "0.0.0.0/0";
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
        const Number first = number_of(prefix.address);
        (prefix.address.family == Family::v4 ? spans.v4 : spans.v6)
            .push_back({first, first | host_mask(prefix)});
        return {};
    }
    TRY_ASSIGN(const Address first, parse_address(text.substr(0, dash)));
    TRY_ASSIGN(const Address last, parse_address(text.substr(dash + 1)));
    if (first.family != last.family || number_of(first) > number_of(last))
        return wrong_value(fmt::format("'{}' is not a range of addresses, from low to high", text));
    (first.family == Family::v4 ? spans.v4 : spans.v6)
        .push_back({number_of(first), number_of(last)});
    return {};
}

Result<std::uint32_t> parse_port(std::string_view text, std::span<const std::string> protocols,
                                 const ServiceNames& names) {
    if (const auto number = to_number(text, UINT16_MAX)) return *number;
    for (const std::string& protocol : protocols)
        if (const auto port = names.port(text, protocol)) return *port;
    return wrong_value(fmt::format(
        "'{}' is not a port: 0 to 65535, a range (20:21), or a name of /etc/services for this "
        "protocol",
        text));
}

}  // namespace

Number number_of(const Address& address) noexcept {
    Number number = 0;
    const auto octets = static_cast<std::size_t>(address.bits() / 8);
    for (std::size_t i = 0; i < octets; ++i) number = number << 8U | address.octets[i];
    return number;
}

Address address_of(Number number, Family family) noexcept {
    if (family == Family::v4) return Address::v4(static_cast<std::uint32_t>(number));
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = octets.size(); i-- > 0; number >>= 8U)
        octets[i] = static_cast<std::uint8_t>(number);
    return Address::v6(octets.data());
}

Result<AddressSpans> parse_addresses(std::span<const std::string> texts) {
    AddressSpans spans;
    for (const std::string& text : texts) TRY(add_address(text, spans));
    normalize(spans.v4);
    normalize(spans.v6);
    return spans;
}

Result<Spans> parse_protocols(std::span<const std::string> texts) {
    Spans spans;
    for (const std::string& text : texts) {
        const auto number = named_number(protocols_by_name, text);
        if (!number)
            return wrong_value(fmt::format(
                "'{}' is not a protocol: tcp, udp, icmp, icmpv6, gre… or 0 to 255", text));
        spans.push_back({*number, *number});
    }
    normalize(spans);
    return spans;
}

bool have_ports(const Spans& protocols) {
    return !protocols.empty() && std::ranges::all_of(protocols, [](const Span& span) {
        return span.is_single() &&
               std::ranges::find(protocols_with_ports, span.first) != protocols_with_ports.end();
    });
}

Result<Spans> parse_ports(std::span<const std::string> texts,
                          std::span<const std::string> protocols, const ServiceNames& names) {
    Spans spans;
    for (const std::string& text : texts) {
        // A name may contain '-': only digits make a range.
        std::size_t mid = text.find(':');
        if (mid == std::string::npos && text.find_first_not_of("0123456789-") == std::string::npos)
            mid = text.find('-');
        TRY_ASSIGN(const std::uint32_t first, parse_port(text.substr(0, mid), protocols, names));
        std::uint32_t last = first;
        if (mid != std::string::npos) {
            TRY_ASSIGN(last, parse_port(text.substr(mid + 1), protocols, names));
        }
        if (last < first)
            return wrong_value(fmt::format("'{}' is not a range of ports, from low to high", text));
        spans.push_back({first, last});
    }
    normalize(spans);
    return spans;
}

Result<Spans> parse_icmp_types(std::span<const std::string> texts, bool v6) {
    Spans spans;
    for (const std::string& text : texts) {
        const auto number =
            v6 ? named_number(icmpv6_by_name, text) : named_number(icmp_by_name, text);
        if (!number)
            return wrong_value(fmt::format(
                "'{}' is not an ICMP type: echo-request, echo-reply… or 0 to 255", text));
        spans.push_back({*number, *number});
    }
    normalize(spans);
    return spans;
}

Result<Spans> parse_uids(std::span<const std::string> texts) {
    Spans spans;
    for (const std::string& text : texts) {
        const std::size_t dash = text.find('-');
        const auto first = to_number(text.substr(0, dash), UINT32_MAX - 1);
        const auto last =
            dash == std::string::npos ? first : to_number(text.substr(dash + 1), UINT32_MAX - 1);
        if (!first || !last || *last < *first)
            return wrong_value(fmt::format("'{}' is not a user id, or a range of them", text));
        spans.push_back({*first, *last});
    }
    normalize(spans);
    return spans;
}

Result<Spans> parse_macs(std::span<const std::string> texts) {
    Spans spans;
    for (const std::string& text : texts) {
        TRY_ASSIGN(const Mac mac, parse_mac(text));
        Number number = 0;
        for (const std::uint8_t octet : mac.octets) number = number << 8U | octet;
        spans.push_back({number, number});
    }
    normalize(spans);
    return spans;
}

Result<Spans> parse_interface(const std::string& name) {
    constexpr std::size_t octets_max = 15;  // IFNAMSIZ - 1, linux/if.h
    if (name.empty()) return Spans{};
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.' || c == '@' || c == ':';
    };
    if (name.size() > octets_max || !std::ranges::all_of(name, is_allowed))
        return wrong_value(fmt::format(
            "'{}' is not the name of an interface: 1 to {} letters, digits, '-', '_', '.'", name,
            octets_max));
    Number number = 0;
    for (std::size_t i = 0; i <= octets_max; ++i)
        number = number << 8U | (i < name.size() ? static_cast<std::uint8_t>(name[i]) : 0U);
    return Spans{{number, number}};
}

}  // namespace octroi::accounting
