// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/nft_text.hpp"

#include <fmt/format.h>

#include <cstring>

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
    std::string first = to_string(address_of(span.first, family));
    if (span.is_single()) return first;
    // A prefix: its size is a power of two, and it begins at a multiple of its size.
    const Number mask = span.last - span.first;
    const bool is_prefix = (mask & (mask + 1)) == 0 && (span.first & mask) == 0;
    if (!is_prefix) return fmt::format("{}-{}", first, to_string(address_of(span.last, family)));
    int length = family == Family::v4 ? 32 : 128;
    for (Number rest = mask; rest != 0; rest >>= 1U) --length;
    return fmt::format("{}/{}", first, length);
}

std::size_t octets_of(Field field, Family family) {
    switch (field) {
        case Field::in_interface:
        case Field::out_interface:
            return 16;
        case Field::mac:
            return 6;
        case Field::source:
        case Field::destination:
            return family == Family::v6 ? 16 : 4;
        case Field::protocol:
        case Field::icmp_type:
            return 1;
        case Field::source_port:
        case Field::destination_port:
            return 2;
        case Field::uid:
            return 4;
    }
    return 0;
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

std::string masked_expression(Field field, Family family, unsigned length) {
    const unsigned bits = family == Family::v6 ? 128 : 32;
    std::string text(expression_of(field, family));
    if (length == 0 || length == bits) return text;
    const Number all = bits == 128 ? ~Number{0} : (Number{1} << bits) - 1;
    const Number mask = all & ~((Number{1} << (bits - length)) - 1);
    return text + fmt::format(" & {}", to_string(address_of(mask, family)));
}

std::string value_octets(Field field, Family family, Number value, bool in_key) {
    const std::size_t octets = octets_of(field, family);
    std::string text;
    if (field == Field::uid) {
        // In the byte order of the machine.
        const auto uid = static_cast<std::uint32_t>(value);
        text.resize(sizeof uid);
        std::memcpy(text.data(), &uid, sizeof uid);
        return text;
    }
    for (std::size_t i = octets; i-- > 0;)
        text += static_cast<char>(value >> static_cast<unsigned>(8 * i) & 0xFFU);
    if (in_key) text.append((4 - octets % 4) % 4, '\0');
    return text;
}

Span common_prefix(Number a, Number b) noexcept {
    Number host = a ^ b;
    for (unsigned shift = 1; shift < 128; shift *= 2) host |= host >> shift;
    return {a & ~host, a | host};
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
