// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/nft_text.hpp"

#include <fmt/format.h>

#include "meter/nftables/rule_values.hpp"

namespace octroi::accounting {
namespace {

// Octets from the highest on, as many as there are before the first 0.
std::string name_text(Number number) {
    std::string name;
    for (int shift = 120; shift >= 0; shift -= 8) {
        const auto c = static_cast<char>(number >> static_cast<unsigned>(shift) & 0xFFU);
        if (c == 0) break;
        name += c;
    }
    return fmt::format("\"{}\"", name);
}

std::string address_text(const Span& span, Family family) {
    const std::string first = to_string(address_of(span.first, family));
    if (span.is_single()) return first;
    // A prefix: its size is a power of two, and it begins at a multiple of its size.
    const Number mask = span.last - span.first;
    const bool is_prefix = (mask & (mask + 1)) == 0 && (span.first & mask) == 0;
    if (!is_prefix) return fmt::format("{}-{}", first, to_string(address_of(span.last, family)));
    int length = family == Family::v4 ? 32 : 128;
    for (Number rest = mask; rest != 0; rest >>= 1U) --length;
    return fmt::format("{}/{}", first, length);
}

std::string mac_text(Number number) {
    Mac mac;
    for (std::size_t i = mac.octets.size(); i-- > 0; number >>= 8U)
        mac.octets[i] = static_cast<std::uint8_t>(number);
    return to_string(mac);
}

}  // namespace

std::string_view expression_of(Field field, Family family) {
    const bool v6 = family == Family::v6;
    switch (field) {
        case Field::in_interface:
            return "iifname";
        case Field::out_interface:
            return "oifname";
        case Field::mac:
            return "ether saddr";
        case Field::source:
            return v6 ? "ip6 saddr" : "ip saddr";
        case Field::destination:
            return v6 ? "ip6 daddr" : "ip daddr";
        case Field::protocol:
            return "meta l4proto";
        case Field::source_port:
            return "th sport";
        case Field::destination_port:
            return "th dport";
        case Field::icmp_type:
            return v6 ? "icmpv6 type" : "icmp type";
        case Field::uid:
            return "meta skuid";
    }
    return "";
}

std::string_view type_of(Field field, Family family) {
    const bool v6 = family == Family::v6;
    switch (field) {
        case Field::in_interface:
        case Field::out_interface:
            return "ifname";
        case Field::mac:
            return "ether_addr";
        case Field::source:
        case Field::destination:
            return v6 ? "ipv6_addr" : "ipv4_addr";
        case Field::protocol:
            return "inet_proto";
        case Field::source_port:
        case Field::destination_port:
            return "inet_service";
        case Field::icmp_type:
            return v6 ? "icmpv6_type" : "icmp_type";
        case Field::uid:
            return "uid";
    }
    return "";
}

std::string value_text(Field field, Family family, const Span& span) {
    switch (field) {
        case Field::in_interface:
        case Field::out_interface:
            return name_text(span.first);
        case Field::mac:
            return mac_text(span.first);
        case Field::source:
        case Field::destination:
            return address_text(span, family);
        default:
            break;
    }
    const auto first = static_cast<std::uint32_t>(span.first);
    if (span.is_single()) return fmt::to_string(first);
    return fmt::format("{}-{}", first, static_cast<std::uint32_t>(span.last));
}

}  // namespace octroi::accounting
