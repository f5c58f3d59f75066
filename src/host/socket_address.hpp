// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Addresses as the kernel has them. For this room only: it needs <netinet/in.h>.

#include <netinet/in.h>

#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

// Room for an address of either family; `length` is that of the one in it.
struct SocketAddress {
    sockaddr_in6 storage{};
    socklen_t length = sizeof(sockaddr_in6);

    [[nodiscard]] const sockaddr* get() const noexcept;
    [[nodiscard]] sockaddr* get() noexcept;
};

// An empty address is :: (all).
[[nodiscard]] SocketAddress socket_address(const Address& address, std::uint16_t port) noexcept;
// A socket that does not block, for both families where the address is of IPv6 or empty. An empty
// address becomes 0.0.0.0 on a machine without IPv6. type: SOCK_DGRAM or SOCK_STREAM.
[[nodiscard]] Result<Fd> socket_for(Address& address, int type);
// What comes in over IPv4 on a socket for both families is IPv4.
[[nodiscard]] Address address_of(const sockaddr_in6& storage) noexcept;
[[nodiscard]] std::uint16_t port_of(const sockaddr_in6& storage) noexcept;
// "udp 192.0.2.1:2055", "tcp [::]:4739": what the socket is bound to.
[[nodiscard]] std::string endpoint_text(const char* transport, const sockaddr_in6& storage);

}  // namespace octroi
