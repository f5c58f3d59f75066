// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.hpp"

namespace octroi {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Parses groups of 1 to `width` hex digits; a group is one octet (width 2) or two (width 4).
// Returns false when the text has another shape or is not exactly 6 octets; `mac` is then
// undefined.
bool parse_groups(std::string_view text, char separator, std::size_t width, Mac& mac) {
    std::size_t filled = 0;
    while (filled < mac.octets.size()) {
        const std::size_t length = std::min(text.find(separator), text.size());
        if (length == 0 || length > width) return false;
        std::uint32_t value = 0;
        for (const char c : text.substr(0, length)) {
            const int digit = hex_digit(c);
            if (digit < 0) return false;
            value = value * 16 + static_cast<std::uint32_t>(digit);
        }
        if (width == 4) mac.octets[filled++] = static_cast<std::uint8_t>(value >> 8U);
        mac.octets[filled++] = static_cast<std::uint8_t>(value);
        text.remove_prefix(length);
        if (filled < mac.octets.size()) {
            if (text.empty()) return false;
            text.remove_prefix(1);
        }
    }
    return text.empty();
}

}  // namespace

std::string to_string(const Address& address) {
    if (address.empty()) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = address.family == Family::v4 ? AF_INET : AF_INET6;
    CHECK(inet_ntop(family, address.octets.data(), text.data(), text.size()) != nullptr);
    return text.data();
}

Result<Address> parse_address(std::string_view text) {
    const std::string terminated(text);
    // inet_pton stops at a zero octet, so it would accept "192.0.2.1\0garbage".
    const bool no_zero_octet = text.find('\0') == std::string_view::npos;
    std::array<std::uint8_t, 16> octets{};
    if (no_zero_octet && inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1)
        return Address::v4(octets.data());
    if (no_zero_octet && inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1)
        return Address::v6(octets.data());
    return fail(ErrorCode::invalid, fmt::format("'{}' is not an IP address", text));
}

Prefix Prefix::of(const Address& address, int length) noexcept {
    CHECK(length >= 0 && length <= address.bits());
    Prefix prefix{address, static_cast<std::uint8_t>(length)};
    for (int i = 0; i < 16; ++i) {
        const int keep = std::clamp(length - i * 8, 0, 8);
        auto& octet = prefix.address.octets[static_cast<std::size_t>(i)];
        octet = static_cast<std::uint8_t>(octet & (0xFF00U >> static_cast<unsigned>(keep)));
    }
    return prefix;
}

bool Prefix::contains(const Address& other) const noexcept {
    return other.family == address.family && of(other, length).address == address;
}

bool any_contains(std::span<const Prefix> prefixes, const Address& address) noexcept {
    return std::ranges::any_of(prefixes,
                               [&](const Prefix& prefix) { return prefix.contains(address); });
}

bool any_contains(std::span<const Prefix> prefixes, const Prefix& part) noexcept {
    return std::ranges::any_of(prefixes, [&](const Prefix& prefix) {
        return prefix.length <= part.length && prefix.contains(part.address);
    });
}

std::string to_string(const Prefix& prefix) {
    return fmt::format("{}/{}", to_string(prefix.address), prefix.length);
}

Result<Prefix> parse_prefix(std::string_view text, bool host_bits_allowed) {
    const std::size_t slash = text.find('/');
    TRY_ASSIGN(const Address address, parse_address(text.substr(0, slash)));
    int length = address.bits();
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (error != std::errc{} || end != digits.data() + digits.size() || length < 0 ||
            length > address.bits())
            return fail(ErrorCode::invalid,
                        fmt::format("'{}' is not a prefix: the length must be 0 to {}", text,
                                    address.bits()));
    }
    const Prefix prefix = Prefix::of(address, length);
    if (!host_bits_allowed && prefix.address != address)
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' has bits set after its length; did you mean {}?", text,
                                to_string(prefix)));
    return prefix;
}

std::string to_string(const Mac& mac) {
    const auto& o = mac.octets;
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", o[0], o[1], o[2], o[3], o[4],
                       o[5]);
}

Result<Mac> parse_mac(std::string_view text) {
    Mac mac;
    if (parse_groups(text, ':', 2, mac) || parse_groups(text, '-', 2, mac) ||
        parse_groups(text, '.', 4, mac))
        return mac;
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a MAC address; write it as 00:30:ca:b8:d9:bc", text));
}

}  // namespace octroi
