// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

enum class Family : std::uint8_t { none = 0, v4 = 4, v6 = 6 };

// An IP address in network byte order: the first 4 octets (v4) or all 16 (v6). Unused octets are 0,
// so comparison and hashing may read all of them. An IPv4-mapped IPv6 address stays IPv6.
struct Address {
    std::array<std::uint8_t, 16> octets{};
    Family family = Family::none;

    auto operator<=>(const Address&) const noexcept = default;
    // Not the default one, which calls memcmp: addresses of every record are compared.
    [[nodiscard]] constexpr bool operator==(const Address& o) const noexcept {
        const auto [a_high, a_low] = words();
        const auto [b_high, b_low] = o.words();
        return ((a_high ^ b_high) | (a_low ^ b_low)) == 0 && family == o.family;
    }
    // The octets as two numbers in the byte order of the machine: to compare, and for hashes.
    [[nodiscard]] constexpr std::array<std::uint64_t, 2> words() const noexcept {
        return std::bit_cast<std::array<std::uint64_t, 2>>(octets);
    }

    // Copies 4 octets in network byte order.
    [[nodiscard]] static Address v4(const std::uint8_t* four) noexcept {
        Address a;
        std::memcpy(a.octets.data(), four, 4);
        a.family = Family::v4;
        return a;
    }
    [[nodiscard]] static Address v4(std::uint32_t host_order) noexcept {
        Address a;
        a.octets = {static_cast<std::uint8_t>(host_order >> 24U),
                    static_cast<std::uint8_t>(host_order >> 16U),
                    static_cast<std::uint8_t>(host_order >> 8U),
                    static_cast<std::uint8_t>(host_order)};
        a.family = Family::v4;
        return a;
    }
    // Copies 16 octets in network byte order.
    [[nodiscard]] static Address v6(const std::uint8_t* sixteen) noexcept {
        Address a;
        std::memcpy(a.octets.data(), sixteen, 16);
        a.family = Family::v6;
        return a;
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return family == Family::none; }
    // 32, 128, or 0 for an empty address.
    [[nodiscard]] constexpr int bits() const noexcept {
        return family == Family::v4 ? 32 : family == Family::v6 ? 128 : 0;
    }
    // The v4 address as a number in host order. For a v6 address: its first 4 octets.
    [[nodiscard]] constexpr std::uint32_t v4_value() const noexcept {
        return static_cast<std::uint32_t>(octets[0]) << 24U |
               static_cast<std::uint32_t>(octets[1]) << 16U |
               static_cast<std::uint32_t>(octets[2]) << 8U | octets[3];
    }
};

// RFC 5952 text for v6, dotted decimal for v4, "" for an empty address.
[[nodiscard]] std::string to_string(const Address& address);
// Accepts dotted decimal with four parts and RFC 4291 text. Refuses zone suffixes ("%eth0").
// Error: invalid.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

// A prefix in canonical form: bits after the length are 0. An empty address has no prefix.
struct Prefix {
    Address address;
    std::uint8_t length = 0;

    auto operator<=>(const Prefix&) const noexcept = default;

    // Clears the bits after the length. length: 0 to address.bits(); anything else aborts.
    [[nodiscard]] static Prefix of(const Address& address, int length) noexcept;
    // False for an address of the other family.
    [[nodiscard]] bool contains(const Address& other) const noexcept;
};

// Whether at least one prefix contains the address. Linear: for the short lists of a configuration.
[[nodiscard]] bool any_contains(std::span<const Prefix> prefixes, const Address& address) noexcept;
// Whether at least one contains all addresses of `part`.
[[nodiscard]] bool any_contains(std::span<const Prefix> prefixes, const Prefix& part) noexcept;

[[nodiscard]] std::string to_string(const Prefix& prefix);
// "10.0.0.0/8", "2001:db8::/32", or an address without a length (the full length). Bits set after
// the length are refused, because they are likely a typing mistake, unless host_bits_allowed.
// Error: invalid; the text proposes the prefix that was probably meant.
[[nodiscard]] Result<Prefix> parse_prefix(std::string_view text, bool host_bits_allowed = false);

// An IEEE 802 address of 48 bits. All zero: none.
struct Mac {
    std::array<std::uint8_t, 6> octets{};

    auto operator<=>(const Mac&) const noexcept = default;
    [[nodiscard]] constexpr bool empty() const noexcept {
        return octets == std::array<std::uint8_t, 6>{};
    }
};

// Lower case, colons, two digits for each octet: "00:30:ca:b8:d9:bc".
[[nodiscard]] std::string to_string(const Mac& mac);
// Colons or hyphens, with or without leading zeros ("0:30:ca:b8:d9:bc"), or Cisco's dotted form
// ("0030.cab8.d9bc"). Error: invalid.
[[nodiscard]] Result<Mac> parse_mac(std::string_view text);

}  // namespace octroi
