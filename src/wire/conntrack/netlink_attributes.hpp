// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The attributes of a message of nfnetlink (linux/netlink.h, linux/netfilter/nfnetlink.h).

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/byte_cursor.hpp"

namespace octroi::conntrack {

inline constexpr std::size_t family_header = 4;     // nfgenmsg
inline constexpr std::size_t attribute_header = 4;  // nlattr: length and type, in host byte order
inline constexpr std::uint16_t type_mask = 0x3fff;  // NLA_TYPE_MASK

[[nodiscard]] inline std::uint16_t host16(const std::byte* p) noexcept {
    std::uint16_t value = 0;
    std::memcpy(&value, p, sizeof value);
    return value;
}

// Calls visit(type, value) for each attribute. False: a length contradicts the octets, or visit
// returned false.
template <typename Visit>
[[nodiscard]] bool each_attribute(ByteSpan octets, Visit visit) {
    while (octets.size() >= attribute_header) {
        const std::size_t length = host16(octets.data());
        if (length < attribute_header || length > octets.size()) return false;
        const auto type = static_cast<std::uint16_t>(host16(octets.data() + 2) & type_mask);
        if (!visit(type, octets.subspan(attribute_header, length - attribute_header))) return false;
        octets = octets.subspan(std::min((length + 3) / 4 * 4, octets.size()));
    }
    return true;
}

}  // namespace octroi::conntrack
