// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/reply_sender.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "host/os_error.hpp"
#include "host/socket_address.hpp"

namespace octroi {
namespace {

// A socket for both families sends to IPv4 by an IPv4-mapped address (RFC 4291 section 2.5.5.2).
Address mapped(const Address& address) {
    std::array<std::uint8_t, 16> octets{};
    octets[10] = octets[11] = 0xff;
    std::copy_n(address.octets.begin(), 4, octets.begin() + 12);
    return Address::v6(octets.data());
}

}  // namespace

Status SocketReplySender::send(const Address& to, std::uint16_t port, std::string_view octets) {
    int domain = AF_INET;
    socklen_t length = sizeof domain;
    static_cast<void>(::getsockopt(descriptor_, SOL_SOCKET, SO_DOMAIN, &domain, &length));
    const bool is_mapped = domain == AF_INET6 && to.family == Family::v4;
    const SocketAddress address = socket_address(is_mapped ? mapped(to) : to, port);
    if (::sendto(descriptor_, octets.data(), octets.size(), MSG_DONTWAIT, address.get(),
                 address.length) < 0)
        return os_failure(fmt::format("send a datagram to {} port {}", to_string(to), port));
    return {};
}

}  // namespace octroi
