// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/socket_address.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace octroi {

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

// At the same place in both.
std::uint16_t port_of(const sockaddr_in6& storage) noexcept { return ntohs(storage.sin6_port); }

std::string endpoint_text(const char* transport, const sockaddr_in6& storage) {
    const std::string address = to_string(address_of(storage));
    return storage.sin6_family == AF_INET
               ? fmt::format("{} {}:{}", transport, address, port_of(storage))
               : fmt::format("{} [{}]:{}", transport, address, port_of(storage));
}

}  // namespace octroi
