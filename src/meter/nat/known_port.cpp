// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nat/known_port.hpp"

#include <algorithm>
#include <array>

namespace octroi::nat {

std::uint16_t known_port(std::uint8_t protocol, std::uint16_t port) noexcept {
    // TCP, UDP, DCCP, SCTP and UDP-Lite.
    constexpr std::array<std::uint8_t, 5> with_ports{6, 17, 33, 132, 136};
    const bool has = std::find(with_ports.begin(), with_ports.end(), protocol) != with_ports.end();
    return has ? port : std::uint16_t{0};
}

}  // namespace octroi::nat
