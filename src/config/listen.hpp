// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The address and port that a meter listens on, as the user writes them: "2055", "udp/2055",
// "udp/192.0.2.1:2055", "udp/[2001:db8::1]:2055", "tcp/4739", "tls/4740".

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"

namespace octroi {

enum class ListenTransport : std::uint8_t { udp, tcp, tls };

struct ListenAddress {
    ListenTransport transport = ListenTransport::udp;
    Address address;  // empty: all, of both families
    std::uint16_t port = 0;

    auto operator<=>(const ListenAddress&) const noexcept = default;
};

[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);
[[nodiscard]] std::string to_string(const ListenAddress& listen);

// Where an HTTP server listens: "127.0.0.1:9465", "[::1]:9465", ":9465" (all addresses).
[[nodiscard]] Result<ListenAddress> parse_http_listen(std::string_view text);

}  // namespace octroi
