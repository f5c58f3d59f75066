// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An outside address with port and protocol, as users type it for `octroi who`.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

struct OutsideEnd {
    Address address;
    std::optional<std::uint16_t> port;
    std::optional<std::uint8_t> protocol;

    bool operator==(const OutsideEnd&) const = default;
};

// "203.0.113.5", "203.0.113.5:40000", "203.0.113.5:40000/tcp", "203.0.113.5/icmp",
// "[2001:db8::5]:443/17": an address, a port, and a protocol by name or number.
[[nodiscard]] Result<OutsideEnd> parse_outside_end(std::string_view text);

}  // namespace octroi
