// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Classes of far ends that need no table, because RFCs define their addresses.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.hpp"

namespace octroi {

enum class BuiltinClass : std::uint8_t {
    none = 0,
    multicast = 1,    // 224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291 section 2.7)
    broadcast = 2,    // 255.255.255.255 (RFC 919 section 7)
    unspecified = 3,  // 0.0.0.0 (RFC 1122 section 3.2.1.3), :: (RFC 4291 section 2.5.2): "this
                      // host", not yet named
    unknown = 4,      // the meter does not know the end
};

// Indexed by BuiltinClass. A class table cannot use these names.
inline constexpr std::array<std::string_view, 5> builtin_class_names = {
    "", "multicast", "broadcast", "unspecified", "unknown"};

// The class of all other addresses if no class table is loaded.
inline constexpr std::string_view no_table_class = "world";

[[nodiscard]] inline bool is_builtin_class(std::string_view name) noexcept {
    return !name.empty() && std::find(builtin_class_names.begin(), builtin_class_names.end(),
                                      name) != builtin_class_names.end();
}

[[nodiscard]] inline BuiltinClass builtin_class(const Address& address) noexcept {
    const auto& o = address.octets;
    if (address.family == Family::v4) {
        const std::uint32_t value = address.v4_value();
        if (value >> 28U == 0xEU) return BuiltinClass::multicast;
        if (value == 0xFFFFFFFFU) return BuiltinClass::broadcast;
        return value == 0 ? BuiltinClass::unspecified : BuiltinClass::none;
    }
    if (address.family == Family::v6) {
        if (o[0] == 0xFF) return BuiltinClass::multicast;
        return o == std::array<std::uint8_t, 16>{} ? BuiltinClass::unspecified : BuiltinClass::none;
    }
    return BuiltinClass::unknown;
}

// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1 (RFC 4291 section 2.5.3).
[[nodiscard]] inline bool is_loopback(const Address& address) noexcept {
    if (address.family == Family::v4) return address.octets[0] == 127;
    constexpr std::array<std::uint8_t, 16> one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return address.family == Family::v6 && address.octets == one;
}

}  // namespace octroi
