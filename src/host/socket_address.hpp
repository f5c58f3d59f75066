// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Conversion between Address and the kernel's socket addresses. For host/ and tests only, because
// it includes <netinet/in.h>.

#include <netinet/in.h>

#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

// Memory for a socket address of IPv4 or IPv6. `length`: octets of the address that it contains.
struct SocketAddress {
    sockaddr_in6 storage{};
    socklen_t length = sizeof(sockaddr_in6);

    [[nodiscard]] const sockaddr* get() const noexcept;
    [[nodiscard]] sockaddr* get() noexcept;
};

// An empty address becomes :: (any address of both families).
[[nodiscard]] SocketAddress socket_address(const Address& address, std::uint16_t port) noexcept;
// Opens a non-blocking socket for the family of the address; not bound yet. IPv6 and empty
// addresses get a socket for both families. On a machine without IPv6 an empty `address` is changed
// to 0.0.0.0. type: SOCK_DGRAM or SOCK_STREAM.
[[nodiscard]] Result<Fd> open_socket(Address& address, int type);
// An IPv4-mapped IPv6 address, which is how a socket for both families reports IPv4 peers, becomes
// IPv4. An unknown family becomes an empty address.
[[nodiscard]] Address address_of(const sockaddr_in6& storage) noexcept;
[[nodiscard]] std::uint16_t port_of(const sockaddr_in6& storage) noexcept;
// For people: "udp 192.0.2.1:2055", "tcp [::]:4739".
[[nodiscard]] std::string endpoint_text(const char* transport, const sockaddr_in6& storage);

}  // namespace octroi
