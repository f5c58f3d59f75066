// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/socket_address.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "host/os_error.hpp"

namespace octroi {

// Addresses of both families are kept in a sockaddr_in6; sin_family and sin6_family are at the same
// offset.
static_assert(sizeof(sockaddr_in) <= sizeof(sockaddr_in6));

const sockaddr* SocketAddress::get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
}
sockaddr* SocketAddress::get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }

SocketAddress socket_address(const Address& address, std::uint16_t port) noexcept {
    SocketAddress out;
    if (address.family == Family::v4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.octets.data(), 4);
        std::memcpy(&out.storage, &v4, sizeof v4);
        out.length = sizeof v4;
        return out;
    }
    out.storage.sin6_family = AF_INET6;
    out.storage.sin6_port = htons(port);
    std::memcpy(&out.storage.sin6_addr, address.octets.data(), 16);
    return out;
}

Result<Fd> open_socket(Address& address, int type) {
    const int how = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const int family = address.family == Family::v4 ? AF_INET : AF_INET6;
    Fd fd(::socket(family, how, 0));
    if (fd.get() < 0 && errno == EAFNOSUPPORT && address.empty()) {
        address = Address::v4(0U);
        fd = Fd(::socket(AF_INET, how, 0));
    }
    if (fd.get() < 0) return os_failure("open a socket");
    // The default of IPV6_V6ONLY is a sysctl (net.ipv6.bindv6only), so it is set in any case.
    const int off = 0;
    if (address.family != Family::v4 &&
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
        return os_failure("accept IPv4 on an IPv6 socket");
    return fd;
}

Address address_of(const sockaddr_in6& storage) noexcept {
    if (storage.sin6_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        std::array<std::uint8_t, 4> octets{};
        std::memcpy(octets.data(), &v4.sin_addr, 4);
        return Address::v4(octets.data());
    }
    if (storage.sin6_family != AF_INET6) return {};
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&storage.sin6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&storage.sin6_addr)) return Address::v4(octets + 12);
    return Address::v6(octets);
}

// sin_port and sin6_port are at the same offset.
std::uint16_t port_of(const sockaddr_in6& storage) noexcept { return ntohs(storage.sin6_port); }

std::string endpoint_text(const char* transport, const sockaddr_in6& storage) {
    const std::string address = to_string(address_of(storage));
    return storage.sin6_family == AF_INET
               ? fmt::format("{} {}:{}", transport, address, port_of(storage))
               : fmt::format("{} [{}]:{}", transport, address, port_of(storage));
}

}  // namespace octroi
