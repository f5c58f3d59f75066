// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/socket_address.hpp"

namespace octroi::testing {

// A TCP connection to a loopback address that a test drives octet by octet, so that it can
// misbehave.
class TcpClient {
public:
    explicit TcpClient(std::uint16_t port, std::uint32_t own_address = INADDR_LOOPBACK)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const SocketAddress own = socket_address(Address::v4(own_address), 0);
        EXPECT_EQ(::bind(socket_.get(), own.get(), own.length), 0);
        const SocketAddress to = socket_address(Address::v4(INADDR_LOOPBACK), port);
        EXPECT_EQ(::connect(socket_.get(), to.get(), to.length), 0);
    }
    // False: the server has closed; a part may have been sent.
    bool send(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            octets.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // The octets that the server sends until it closes, or sends nothing for `silence_ms`.
    [[nodiscard]] std::string receive(int silence_ms) {
        std::string all;
        std::array<char, 65536> part{};
        pollfd polled{socket_.get(), POLLIN, 0};
        while (::poll(&polled, 1, silence_ms) > 0) {
            const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), 0);
            is_closed_ = got <= 0;
            if (is_closed_) break;
            all.append(part.data(), static_cast<std::size_t>(got));
        }
        return all;
    }
    std::string ask(std::string_view request, int silence_ms = 300) {
        EXPECT_TRUE(send(request));
        return receive(silence_ms);
    }
    // Whether the server had closed when receive() returned.
    [[nodiscard]] bool is_closed() const { return is_closed_; }

private:
    Fd socket_;
    bool is_closed_ = false;
};

}  // namespace octroi::testing
