// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace octroi::nat {

// The port that identifies an end of a protocol; 0 for protocols without ports. Flow records do not
// have the query identifier that NAT uses for ICMP in place of a port.
[[nodiscard]] std::uint16_t known_port(std::uint8_t protocol, std::uint16_t port) noexcept;

}  // namespace octroi::nat
